#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "dist/world.h"
#include "launch/commands/pretrain_options.h"
#include "launch/run_folder.h"

namespace prelude {

// What a run is bound to: it goes on only with the same.
struct RunIdentity {
  std::string backbone;     // BackboneIdentity::text()
  std::string corpus_hash;  // of its manifest
};

struct Resumption {
  std::optional<Checkpoint> checkpoint;  // none: start from the beginning
  std::vector<std::string> warnings;
};

// --micro-tokens of the run in `folder`, on all ranks; `auto` where there is none. A run that goes on with `auto` keeps
// the number that it was started with: the memory that is free by then must not change its cut, and so its rounding.
std::string recorded_micro_tokens(const RunFolder& folder, const World& world);

// How the run in `folder` goes on with `options` (settled). Throws UserError naming the option that differs from the
// run's own, or what was swapped under it. May differ: the paths of backbone and corpus (their hashes count), how often
// checkpoints are made and kept, more steps (where the schedule does not depend on their number), the number of ranks,
// and, with a warning since rounding may differ, threads, micro-tokens, micro-batch, and how the ranks compute.
//
// A run that has checkpoints of which none can be read is refused, unless --restart says to begin anew: they are then
// removed. The first rank chooses the checkpoint, and all read that one: a network file system may show them different
// folders.
Resumption resume(const RunFolder& folder, const PretrainOptions& options, const RunIdentity& identity,
                  const World& world);

}  // namespace prelude
