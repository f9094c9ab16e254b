// How many tokens a span-corrupted example masks, in how many spans, so that nothing has to be padded or cut.
#pragma once

#include <cstdint>

namespace prelude {

struct SpanNoise {
  double density = 0.15;   // share of the tokens that is masked, 0.001 to 0.999
  double mean_span = 3.0;  // tokens of a masked span on average, 1 to 1000
};

// Of every example of one setting, in tokens.
struct SpanLengths {
  std::int64_t window = 0;  // of the text
  std::int64_t noise = 0;   // masked
  std::int64_t spans = 0;   // that the masked ones stand in, each a sentinel in source and target
  std::int64_t source = 0;  // what is left, sentinels, </s>
  std::int64_t target = 0;  // sentinels, what is masked, </s>; the start id does not count
};

// The arithmetic of Raffel et al. 2020 as published (T5's random_spans_helper, transformers'
// compute_input_and_target_lengths): noise = round(window * density), spans = round(noise / mean_span), halves to the
// even number.
SpanLengths lengths_of_window(std::int64_t window, const SpanNoise& noise);

// The longest window whose source is exactly `max_source`. At density 0.5 one token less where that makes source and
// target equally long, as published. Throws UserError where numbers are out of range or no span would be masked, or
// there would be no text between two spans, naming the option and, where there is one, the least --max-source.
SpanLengths span_lengths(std::int64_t max_source, const SpanNoise& noise);

// The largest max_source with at most `spans` spans (>= 1). Needs noise that span_lengths takes.
std::int64_t largest_source(std::int64_t spans, const SpanNoise& noise);

}  // namespace prelude
