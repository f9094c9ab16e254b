#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude backbone create`: a randomly initialised backbone folder.
Command backbone_create_command();

}  // namespace prelude
