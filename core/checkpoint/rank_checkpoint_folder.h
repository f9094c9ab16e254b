// The checkpoints of a run that trains a whole backbone: folders step-00001000 and their like, with a file a rank and
// one manifest. A folder is whole when the manifest and every file that it counts are there; each is written
// atomically.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/checkpoint/rank_checkpoint.h"

namespace prelude {

// "step-00001000".
std::string rank_checkpoint_name(std::int64_t step);

// How many ranks wrote a checkpoint.
struct RankManifest {
  std::int64_t step = 0;
  int data_size = 1;
  int tensor_size = 1;
};

// Throws UserError with the path and the system's reason; reading: where it is no such manifest.
void write_rank_manifest(const std::string& folder, const RankManifest& manifest);
RankManifest read_rank_manifest(const std::string& folder);

struct RankCheckpointEntry {
  std::int64_t step;
  std::string path;
};
// By name alone, oldest first; empty where the folder does not exist.
std::vector<RankCheckpointEntry> list_rank_checkpoints(const std::string& folder);

// Nothing, or why a checkpoint cannot be read: one line. Looks at names, not into the ranks' files.
std::string rank_checkpoint_problem(const std::string& path);

// Removes all but the newest `keep` (>= 1) whole checkpoints and the one of `best_step` (-1: none), and those older
// than them that were never finished.
void prune_rank_checkpoints(const std::string& folder, std::int64_t keep, std::int64_t best_step);

}  // namespace prelude
