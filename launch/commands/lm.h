#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude lm`: trains all weights of a backbone on a corpus; run again on the same folder, it goes on.
Command lm_command();

}  // namespace prelude
