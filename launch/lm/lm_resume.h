#pragma once

#include <string>
#include <vector>

#include "dist/world.h"
#include "launch/lm/lm_options.h"
#include "launch/run_folder.h"

namespace prelude {

// Warnings, one a line and on the first rank, of what `options` (settled) change in the configuration of the run in
// `folder`. Throws UserError naming an option that must not change. May differ: paths (their hashes count), how often
// checkpoints are made and kept, more steps (where the schedule does not depend on their number), the number of ranks,
// and, with a warning since rounding may differ, how the ranks compute.
std::vector<std::string> check_changes(const RunFolder& folder, const LmOptions& options, const World& world);

// --micro-tokens of the run of `prelude lm` in `folder`, on all ranks; `auto` where there is none. A collective.
std::string recorded_lm_micro_tokens(const RunFolder& folder, const World& world);

}  // namespace prelude
