#pragma once

#include "launch/command.h"

namespace prelude {

Command tune_command();

}  // namespace prelude
