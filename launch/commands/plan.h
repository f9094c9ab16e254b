#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude plan`: memory, collectives and time of a pre-training job before it runs; reads a config.json at most.
Command plan_command();

}  // namespace prelude
