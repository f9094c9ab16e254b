#include "launch/schedule_options.h"

#include <vector>

#include "core/error.h"
#include "core/optim/schedule.h"

namespace prelude {

void declare_learning_rate(OptionTable& table, double& learning_rate) {
  table.add("learning-rate", learning_rate, "X", "Rate of the schedule.").above(0);
}

void declare_schedule(OptionTable& table, std::string& schedule) {
  std::vector<std::string> names;
  std::string meanings;
  for (const ScheduleName& row : schedule_names) {
    names.emplace_back(row.name);
    meanings += fmt::format(" {}: {}.", row.name, row.formula);
  }
  table.add("schedule", schedule, "", "Rate over the steps." + meanings).choices(names);
}

void declare_warmup(OptionTable& table, std::int64_t& warmup_steps) {
  table.add("warmup-steps", warmup_steps, "N", "First steps, over which the rate climbs in a line.").at_least(0);
}

}  // namespace prelude
