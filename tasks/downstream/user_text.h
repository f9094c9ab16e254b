// The ids of a text that a user gave, control ids kept out of it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/text/tokenizer.h"

namespace prelude {

// Tokenizer::encode of `text` (valid UTF-8), except that no id of padding, end of sequence or a sentinel comes out of
// it, which Tokenizer::encode makes of their names: "<extra_id_0>" and "</s>" are read as "< extra_id_0>" and "< /s>",
// ordinary text. One that only appears when the text is normalised ("</s>" in full-width letters) is left out.
std::vector<std::int32_t> encode_user_text(const Tokenizer& tokenizer, std::string_view text);

}  // namespace prelude
