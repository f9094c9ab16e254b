#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude import`: a prompt of another program as a PEFT folder.
Command import_command();

}  // namespace prelude
