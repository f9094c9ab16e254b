#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude predict`: scores, best candidates or continuations of lines of text (docs/commands.md, "predict").
Command predict_command();

}  // namespace prelude
