// The checkpoints of a run: step-00001000.h5 and its like in one folder. One process at a time writes there (the run
// folder's lock).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"

namespace prelude {

// "step-00001000.h5".
std::string checkpoint_name(std::int64_t step);

struct CheckpointEntry {
  std::int64_t step;
  std::string path;
};

// By name alone, oldest first; empty where the folder does not exist.
std::vector<CheckpointEntry> list_checkpoints(const std::string& folder);

struct NewestCheckpoint {
  std::optional<Checkpoint> checkpoint;  // none: the folder holds no readable one
  std::string path;
  std::vector<std::string> skipped;  // one line a newer file that is damaged
};

// The newest checkpoint whose bytes verify; damaged ones are named and the one before is tried.
NewestCheckpoint newest_readable_checkpoint(const std::string& folder);

// Removes each checkpoint that `keep` (>= 1) whole ones are newer than, but not the one of `best_step` (-1: none), and
// what an interrupted writer left. `whole`: steps whose checkpoints this process has read or written. All others may be
// damaged: they are not counted, and stay until enough whole ones are newer. Throws UserError where a file cannot be
// removed.
void prune_checkpoints(const std::string& folder, const std::set<std::int64_t>& whole, std::int64_t keep,
                       std::int64_t best_step);

// Removes all checkpoints. Throws UserError where a file cannot be removed.
void remove_checkpoints(const std::string& folder);

}  // namespace prelude
