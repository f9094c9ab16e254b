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

// What the run of `prelude lm` in `folder` has for an option, on all ranks; the default, or nothing, where there is no
// run. A collective.
std::string recorded_lm_value(const RunFolder& folder, const World& world, const std::string& option);

}  // namespace prelude
