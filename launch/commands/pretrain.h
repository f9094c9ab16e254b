#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude pretrain`: pre-trains a soft prompt on a corpus; run again on the same folder, it goes on.
Command pretrain_command();

}  // namespace prelude
