#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"

namespace prelude {

// What --init may be.
const std::vector<std::string>& first_prompts();

// A prompt that nothing has trained yet.
struct PromptStart {
  std::string init = "vocabulary";  // one of first_prompts()
  std::string text;                 // of text
  std::int64_t rows = 100;          // P
  std::uint64_t seed = 1;
};

// [P,D] float32 on the CPU. embedding [V,D]; `label_ids`: of labels. Throws UserError where the text has no tokens.
at::Tensor first_prompt(const PromptStart& start, const at::Tensor& embedding, const Tokenizer& tokenizer,
                        const std::vector<std::int32_t>& label_ids);

}  // namespace prelude
