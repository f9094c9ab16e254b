#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude inspect`: what a file or folder is.
Command inspect_command();

}  // namespace prelude
