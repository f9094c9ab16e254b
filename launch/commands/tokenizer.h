#pragma once

#include "launch/command.h"

namespace prelude {

// `prelude tokenizer encode`: texts to ids, to compare with other tokenizers.
Command tokenizer_encode_command();
// `prelude tokenizer decode`: token ids to texts.
Command tokenizer_decode_command();
// `prelude tokenizer train`: text to a SentencePiece model of T5's layout.
Command tokenizer_train_command();

}  // namespace prelude
