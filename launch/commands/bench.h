#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude bench`: speed, with the machine's ceiling measured in the same run.
Command bench_command();

}  // namespace prelude
