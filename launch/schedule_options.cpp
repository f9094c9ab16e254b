#include "launch/schedule_options.h"

#include <vector>

#include "core/error.h"
#include "core/optim/schedule.h"

namespace prelude {

void declare_schedule(OptionTable& table, double& learning_rate, std::string& schedule, std::int64_t& warmup_steps) {
  table.add("learning-rate", learning_rate, "X", "Rate of the schedule.").above(0);
  declare_schedule_shape(table, schedule, warmup_steps);
}

void declare_schedule_shape(OptionTable& table, std::string& schedule, std::int64_t& warmup_steps) {
  std::vector<std::string> names;
  std::string meanings;
  for (const ScheduleName& row : schedule_names) {
    names.emplace_back(row.name);
    meanings += fmt::format(" {}: {}.", row.name, row.formula);
  }
  table.add("schedule", schedule, "", "Rate over the steps." + meanings).choices(names);
  table.add("warmup-steps", warmup_steps, "N", "First steps, over which the rate climbs in a line.").at_least(0);
}

}  // namespace prelude
