// The multiple-choice layout (docs/pretext.md): query ? A.option. B.option. ... ? The correct one is <extra_id_0>
#pragma once

#include <cstdint>
#include <vector>

#include "core/text/tokenizer.h"

namespace prelude {

class OptionLayout {
 public:
  // `letters`: one id an option, in order. Throws UserError where the tokenizer has no piece for '.' or '?'.
  OptionLayout(const Tokenizer& tokenizer, std::vector<std::int32_t> letters);

  // Ids of an example of `options` options that are neither query nor option text.
  std::int64_t fixed_ids(std::int64_t options) const;
  // How many tokens query and options may each keep, so that the example fits `room` with nothing else lost: the
  // longest are cut to this one length. At least 1 (needs room >= fixed_ids + options + 1).
  std::int64_t text_limit(const std::vector<std::int32_t>& query, const std::vector<std::vector<std::int32_t>>& options,
                          std::int64_t room) const;
  std::vector<std::int32_t> source(const std::vector<std::int32_t>& query,
                                   const std::vector<std::vector<std::int32_t>>& options) const;

 private:
  std::vector<std::int32_t> letters_;
  std::int32_t stop_;                 // "."
  std::int32_t question_;             // "?"
  std::vector<std::int32_t> ending_;  // "The correct one is" and the sentinel
};

// The largest L with sum over k of min(lengths[k], L) <= room; at least 1.
std::int64_t common_length(const std::vector<std::int64_t>& lengths, std::int64_t room);

}  // namespace prelude
