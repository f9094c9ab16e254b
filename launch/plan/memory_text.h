#pragma once

#include <string>

#include "launch/plan/plan_report.h"

namespace prelude {

// The section of plan_text about memory: the estimate, whether it fits, what would.
std::string memory_text(const Plan& plan);

}  // namespace prelude
