// Answers that a model is asked to tell apart: label words, candidates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"

namespace prelude {

// `ids`: of each of `texts`. Throws UserError beginning with `place` where the tokenizer has no piece for a part of one
// (<unk>), or two are the same ids: their scores would be equal, and the first would always win.
void require_told_apart(const std::string& place, const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                        const std::vector<std::vector<std::int32_t>>& ids);

}  // namespace prelude
