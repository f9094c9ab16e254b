// The checkpoints of a run: step-00001000.h5 and its like in one folder. One process at a time writes there (the run
// folder's lock).
#pragma once

#include <cstdint>
#include <optional>
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

// Removes all but the newest `keep` (>= 1) checkpoints and the one of `best_step` (-1: none), and what an interrupted
// writer left. Throws UserError where a file cannot be removed.
void prune_checkpoints(const std::string& folder, std::int64_t keep, std::int64_t best_step);

}  // namespace prelude
