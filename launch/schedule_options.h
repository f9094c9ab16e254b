#pragma once

#include <cstdint>
#include <string>

#include "launch/options.h"

namespace prelude {

// --learning-rate, --schedule, --warmup-steps (core/optim/schedule.h), each alone.
void declare_learning_rate(OptionTable& table, double& learning_rate);
void declare_schedule(OptionTable& table, std::string& schedule);
void declare_warmup(OptionTable& table, std::int64_t& warmup_steps);

}  // namespace prelude
