#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude export`: a prompt out to other programs.
Command export_command();

}  // namespace prelude
