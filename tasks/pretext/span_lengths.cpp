#include "tasks/pretext/span_lengths.h"

#include <cmath>

#include "core/error.h"

namespace prelude {
namespace {

constexpr std::int64_t kMostSource = std::int64_t{1} << 30;

std::int64_t rounded(double value) { return static_cast<std::int64_t>(std::nearbyint(value)); }

// The longest window with source <= max_source. Lengthening a window by one lengthens the source by one or not at all.
std::int64_t longest_window(std::int64_t max_source, const SpanNoise& noise) {
  std::int64_t low = 0;  // its source is the </s> alone
  std::int64_t high = 1;
  while (lengths_of_window(high, noise).source <= max_source) high *= 2;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (lengths_of_window(middle, noise).source <= max_source ? low : high) = middle;
  }
  return low;
}

void check(std::int64_t max_source, const SpanNoise& noise) {
  require(noise.density >= 0.001 && noise.density <= 0.999, "--noise-density {}: give a number between 0.001 and 0.999",
          noise.density);
  require(noise.mean_span >= 1.0 && noise.mean_span <= 1000.0, "--mean-span {}: give a number between 1 and 1000",
          noise.mean_span);
  require(max_source >= 2 && max_source <= kMostSource, "--max-source {}: give a number between 2 and {}", max_source,
          kMostSource);
}

}  // namespace

SpanLengths lengths_of_window(std::int64_t window, const SpanNoise& noise) {
  SpanLengths lengths;
  lengths.window = window;
  lengths.noise = rounded(static_cast<double>(window) * noise.density);
  lengths.spans = rounded(static_cast<double>(lengths.noise) / noise.mean_span);
  lengths.source = window - lengths.noise + lengths.spans + 1;
  lengths.target = lengths.noise + lengths.spans + 1;
  return lengths;
}

SpanLengths span_lengths(std::int64_t max_source, const SpanNoise& noise) {
  check(max_source, noise);
  SpanLengths lengths = lengths_of_window(longest_window(max_source, noise), noise);
  if (noise.density == 0.5 && lengths.target > lengths.source) {
    const SpanLengths shorter = lengths_of_window(lengths.window - 1, noise);
    if (shorter.source == max_source) lengths = shorter;
  }
  if (lengths.spans < 1) {
    fail("--max-source {}: at --noise-density {} and --mean-span {} that is too short to mask a span; give {} or more",
         max_source, noise.density, noise.mean_span, largest_source(0, noise) + 1);
  }
  require(lengths.spans <= lengths.window - lengths.noise,
          "--noise-density {} with --mean-span {}: {} spans have only {} tokens to stand between; lower the density or "
          "raise the span",
          noise.density, noise.mean_span, lengths.spans, lengths.window - lengths.noise);
  ensure(lengths.source == max_source, "a source of {} tokens, {} were wanted", lengths.source, max_source);
  return lengths;
}

std::int64_t largest_source(std::int64_t spans, const SpanNoise& noise) {
  std::int64_t low = 1;
  std::int64_t high = 2;
  const auto fits = [&](std::int64_t max_source) {
    return lengths_of_window(longest_window(max_source, noise), noise).spans <= spans;
  };
  while (fits(high)) high *= 2;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace prelude
