#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude evaluate`: how well a prompt answers, on labelled lines or on held-out pretext examples.
Command evaluate_command();

}  // namespace prelude
