#include "launch/resume_rules.h"

#include <algorithm>

#include "core/error.h"
#include "dist/text.h"
#include "launch/config_change.h"
#include "launch/recorded_config.h"
#include "launch/version.h"

namespace prelude {
namespace {

bool holds(std::span<const std::string_view> names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string value_of(const OptionTable& table, const std::string& name) {
  const auto texts = table.row(name).texts();
  return texts.empty() ? "" : texts.front();
}

void check_steps(const RunFolder& folder, const OptionTable& before, const OptionTable& now, const ResumeRules& rules) {
  const double steps_before = before.row("steps").numbers().at(0);
  const double steps_now = now.row("steps").numbers().at(0);
  require(steps_now >= steps_before, "--steps: {} is less than the {} of the run in '{}'", steps_now, steps_before,
          folder.path());
  const auto kind = schedule_kind(value_of(now, "schedule"));
  require(kind != ScheduleKind::linear && kind != ScheduleKind::cosine,
          "--steps: the run in '{}' has {}, and its {} schedule depends on it; choose another --output and continue "
          "with {}",
          folder.path(), steps_before, name_of(kind), fmt::format(fmt::runtime(rules.continue_with), folder.path()));
}

}  // namespace

std::vector<std::string> check_changes(const RunFolder& folder, OptionTable& before, const OptionTable& now,
                                       const ResumeRules& rules) {
  read_recorded_config(folder.config(), folder.path(), before);
  std::vector<std::string> warnings;
  for (const auto& change : config_changes(before, now)) {
    if (holds(rules.free_to_change, change.name)) continue;
    if (change.name == "steps") {
      check_steps(folder, before, now, rules);
    } else if (holds(rules.change_rounding, change.name)) {
      warnings.push_back(fmt::format("--{} was {} and is now {}: results may differ in the last bits", change.name,
                                     change.before, change.now));
    } else {
      fail("--{} is '{}' but the run in '{}' has '{}'; give the same, or choose another --output", change.name,
           change.now, folder.path(), change.before);
    }
  }
  return warnings;
}

std::vector<std::string> revision_warnings(const std::string& recorded) {
  if (recorded == revision()) return {};
  return {fmt::format("the checkpoint was written by revision {} of the program, and this is {}: results may differ",
                      recorded.empty() ? "(not recorded)" : recorded, revision())};
}

void declare_restart(OptionTable& table, bool& restart) {
  table.add("restart", restart, "",
            "Where the run in --output has checkpoints and none can be read: remove them and begin at step 0. Without "
            "it such a run is refused.");
}

void require_restart(bool restart, const std::string& output, const std::string& problem) {
  require(restart,
          "--output: no checkpoint of the run in '{}' can be read ({}); give --restart to begin anew, or choose "
          "another --output",
          output, problem);
}

std::string recorded_value(const RunFolder& folder, const World& world, OptionTable& table, const std::string& name) {
  if (world.first() && folder.used()) read_recorded_config(folder.config(), folder.path(), table);
  return broadcast_text(world.group(), value_of(table, name));
}

}  // namespace prelude
