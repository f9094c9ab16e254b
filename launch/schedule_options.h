#pragma once

#include <cstdint>
#include <string>

#include "launch/options.h"

namespace prelude {

// --learning-rate, --schedule, --warmup-steps (core/optim/schedule.h).
void declare_schedule(OptionTable& table, double& learning_rate, std::string& schedule, std::int64_t& warmup_steps);
// Of them --schedule and --warmup-steps, where the rate is not one number.
void declare_schedule_shape(OptionTable& table, std::string& schedule, std::int64_t& warmup_steps);

}  // namespace prelude
