#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude tokenizer encode`: texts to ids, to compare with other tokenizers.
Command tokenizer_encode_command();

}  // namespace prelude
