#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tasks/pretext/quirks.h"

namespace prelude {

struct PretextOptions {
  std::int64_t max_source = 0;        // encoder positions, prompt rows included; 0: the task's own (nsp 512, nss 1024,
                                      // unified 768, cls 368)
  std::int64_t prompt_length = 100;   // P; max_source - P is the room for text
  double validation_fraction = 0.05;  // of the documents, the last ones; at least one
  std::int32_t start_id = 0;          // the backbone's decoder_start_token_id
  std::vector<std::string> label_words{};                      // empty: the task's own (label_words.h)
  std::array<double, 5> confidence{0.95, 0.5, 0.5, 0.5, 0.7};  // cls: a label counts where its confidence is above
  PretextQuirks quirks{};
};

}  // namespace prelude
