#include "launch/first_prompt.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "core/delta/prompt_init.h"
#include "core/error.h"

namespace prelude {
namespace {

// Pieces stand in the order of their frequency, so the first ones are the 5,000 most common that Lester et al. sample
// from (section 3.2).
std::vector<std::int32_t> common_pieces(const Tokenizer& tokenizer) {
  constexpr std::size_t most = 5000;
  std::vector<std::int32_t> special{tokenizer.pad(), tokenizer.end_of_sequence(), tokenizer.unknown()};
  for (int k = 0; k < tokenizer.sentinels(); ++k) special.push_back(tokenizer.sentinel(k));
  std::vector<std::int32_t> pieces;
  for (std::int32_t id = 0; id < tokenizer.size() && pieces.size() < most; ++id) {
    if (std::find(special.begin(), special.end(), id) == special.end()) pieces.push_back(id);
  }
  return pieces;
}

}  // namespace

const std::vector<std::string>& first_prompts() {
  static const std::vector<std::string> names{"vocabulary", "frequent", "text",     "labels",
                                              "normal",     "uniform",  "identical"};
  return names;
}

at::Tensor first_prompt(const PromptStart& start, const at::Tensor& embedding, const Tokenizer& tokenizer,
                        const std::vector<std::int32_t>& label_ids) {
  const std::int64_t width = embedding.size(1);
  RandomStream stream(start.seed, Purpose::prompt_init, 0);
  if (start.init == "text") {
    const auto ids = tokenizer.encode(start.text);
    require(!ids.empty(), "--init-text: '{}' has no tokens", start.text);
    return prompt_from_ids(embedding, start.rows, ids);
  }
  if (start.init == "labels") return prompt_from_ids(embedding, start.rows, label_ids);
  if (start.init == "frequent") return prompt_from_ids(embedding, start.rows, common_pieces(tokenizer));
  const double spread = embedding_spread(embedding);
  if (start.init == "normal") return prompt_normal(start.rows, width, spread, stream);
  if (start.init == "identical") return prompt_identical(start.rows, width, ppt_row_spread, stream);
  if (start.init == "uniform") return prompt_uniform(start.rows, width, std::sqrt(3.0) * spread, stream);
  return prompt_from_vocabulary(embedding, start.rows, common_pieces(tokenizer), stream);
}

}  // namespace prelude
