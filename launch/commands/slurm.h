#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude slurm`: a batch script for a pre-training run.
Command slurm_command();

}  // namespace prelude
