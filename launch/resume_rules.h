// What of a run's configuration may change when it goes on.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/optim/schedule.h"
#include "dist/world.h"
#include "launch/options.h"
#include "launch/run_folder.h"

namespace prelude {

struct ResumeRules {
  std::span<const std::string_view> free_to_change;
  std::span<const std::string_view> change_rounding;  // a warning each: the last bits may differ
  std::string continue_with;  // how another run continues where this one may not: "--from {}/prompt", {} the run folder
};

// A warning a line for what `now` changes in the configuration of the run in `folder`, which is read into `before`: two
// tables of one command over different fields, with options --steps and --schedule. Throws UserError naming an option
// that must not change, or saying that the run is of another command; more steps may be given where the schedule does
// not depend on their number.
std::vector<std::string> check_changes(const RunFolder& folder, OptionTable& before, const OptionTable& now,
                                       const ResumeRules& rules);

// One line where a checkpoint was written by another revision of the program than this one; nothing elsewhere.
std::vector<std::string> revision_warnings(const std::string& recorded);

// The value of option `name` in the configuration of the run in `folder`, on all ranks; its default where there is no
// run. `table`: of the command, over fields of its own. A collective.
std::string recorded_value(const RunFolder& folder, const World& world, OptionTable& table, const std::string& name);

// --restart: what a run does whose checkpoints cannot be read.
void declare_restart(OptionTable& table, bool& restart);
// Throws UserError, unless `restart`: the run in `output` has checkpoints and none can be read, for `problem`.
void require_restart(bool restart, const std::string& output, const std::string& problem);
// A warning where `restart` was given and the run has a checkpoint to go on from.
inline constexpr const char* restart_not_needed =
    "--restart changes nothing: it begins a run anew whose checkpoints cannot be read, and this run has one that can";

}  // namespace prelude
