// The target of an example: start, sentinel, label word. The encoder input ends with, or holds, the same sentinel.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/text/tokenizer.h"

namespace prelude {

// PPT's target [start, <extra_id_0>, word] (docs/pretext.md): the decoder reads all but the last id and is scored on
// all but the first, so the loss counts both label positions, the sentinel and the word. PPT's pre-training, unlike its
// tuning, adds <extra_id_1>; we do not, so that a prompt meets the same target in both (quirk final-sentinel brings it
// back).
class Answer {
 public:
  Answer(const Tokenizer& tokenizer, std::int32_t start_id, std::vector<std::int32_t> label_ids, bool final_sentinel)
      : start_(start_id), sentinel_(tokenizer.sentinel(0)), label_ids_(std::move(label_ids)) {
    if (final_sentinel) ending_.push_back(tokenizer.sentinel(1));
  }

  std::int32_t sentinel() const { return sentinel_; }
  const std::vector<std::int32_t>& label_ids() const { return label_ids_; }
  std::vector<std::int32_t> target(std::int32_t label) const {
    std::vector<std::int32_t> ids{start_, sentinel_, label_ids_.at(static_cast<std::size_t>(label))};
    ids.insert(ids.end(), ending_.begin(), ending_.end());
    return ids;
  }

 private:
  std::int32_t start_;
  std::int32_t sentinel_;
  std::vector<std::int32_t> label_ids_;
  std::vector<std::int32_t> ending_;
};

}  // namespace prelude
