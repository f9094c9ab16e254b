// The checkpoints of a run that trains a whole backbone: folders step-00001000 and their like, with one file per rank
// and one manifest, each written atomically. A folder is finished when the manifest and every file that it counts are
// there and of one attempt: a step that is written again meets the files of the attempt before.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/checkpoint/rank_checkpoint.h"

namespace prelude {

// "step-00001000".
std::string rank_checkpoint_name(std::int64_t step);

// How many ranks wrote a checkpoint, and in which attempt.
struct RankManifest {
  std::string attempt;  // empty in those of earlier versions
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

// Nothing, or which file of a checkpoint is missing: one line. Looks at names, not into the ranks' files.
std::string rank_checkpoint_problem(const std::string& path);

// Whether what is missing of an unfinished checkpoint may be still to come: other ranks' files, and of the `newest` the
// manifest, which is written after the first rank's file and before its next checkpoint. Everything else is damage.
bool may_be_under_way(const std::string& path, bool newest);

// The file of `place`. Throws UserError where it is damaged, or of another rank, step or attempt than its name and the
// manifest say.
RankCheckpoint read_rank_file(const std::string& folder, const RankManifest& manifest, const RankPlace& place);

// What the first rank keeps of the checkpoints while it writes them.
class KeptRankCheckpoints {
 public:
  // Of the run that is `attempt`. `folder` holds the checkpoints.
  KeptRankCheckpoints(std::string folder, std::string attempt);

  // The checkpoint of `step` was read, every byte of it.
  void was_read(std::int64_t step) { whole_.insert(step); }
  // Removes each checkpoint that `keep` (>= 1) whole ones are newer than, and those that were never finished and are
  // older than one, but not the one of `best_step` (-1: none). Whole are those that were read, and those that the
  // ranks of this attempt have finished. All others may be damaged: they are not counted, and stay until enough whole
  // ones are newer. Whole ones are in the folder for good before any is removed. Throws UserError where one cannot be.
  void prune(std::int64_t keep, std::int64_t best_step);

 private:
  bool is_whole(const RankCheckpointEntry& entry);

  std::string folder_;
  std::string attempt_;
  std::set<std::int64_t> whole_;
};

// Removes all checkpoints. Throws UserError where one cannot be.
void remove_rank_checkpoints(const std::string& folder);

}  // namespace prelude
