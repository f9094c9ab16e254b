// Span corruption: what stood in the gaps? T5's own pre-training (Raffel et al. 2020, sections 3.1.4 and 3.3.4);
// docs/pretext.md. Source: text with a sentinel for each masked span, </s>. Target: each sentinel and its span, </s>.
#pragma once

#include <cstdint>
#include <vector>

#include "core/text/tokenizer.h"
#include "tasks/pretext/lm_objective.h"
#include "tasks/pretext/span_lengths.h"
#include "tasks/pretext/window_task.h"

namespace prelude {

class SpanCorruption final : public WindowTask {
 public:
  // Throws UserError where the lengths do not work out, or need more sentinels than the tokenizer has.
  SpanCorruption(const Corpus& corpus, const Tokenizer& tokenizer, const LmObjectiveOptions& options);

  const SpanLengths& lengths() const { return lengths_; }

 private:
  SpanCorruption(const Corpus& corpus, const Tokenizer& tokenizer, const LmObjectiveOptions& options,
                 const SpanLengths& lengths);
  Example make(const std::vector<std::int32_t>& window, RandomStream& stream) const override;

  SpanLengths lengths_;
  std::int32_t start_;
  std::int32_t end_;
  std::vector<std::int32_t> sentinels_;  // [spans]
};

// `items` cut into `segments` runs of one or more, 1 <= segments <= items; each way of doing so is equally likely.
std::vector<std::int64_t> random_segments(std::int64_t items, std::int64_t segments, RandomStream& stream);

}  // namespace prelude
