#pragma once

#include "launch/command.h"

namespace prelude {

Command experiment_command();

}  // namespace prelude
