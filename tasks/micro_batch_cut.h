// Which examples are computed together. Sorted by length and cut where it costs least, they hold little padding, and
// each micro-batch fits a budget of encoder positions, whatever the lengths.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace prelude {

struct MicroBatchLimits {
  static constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

  std::int64_t examples = unlimited;   // of a micro-batch, at most
  std::int64_t positions = unlimited;  // encoder positions, at most: examples * (prompt rows + longest source). An
                                       // example that is longer alone is a micro-batch of its own
  std::int64_t prompt_rows = 0;        // P, before every source
  // What a micro-batch costs beside its positions, counted in positions: one more is begun only where it spares more
  // padding than that. The default is a CPU's (docs/performance.md, "Batching by tokens").
  std::int64_t overhead = 32;
};

// Examples of `width` positions each, prompt rows counted, that fit together: at least 1.
std::int64_t most_together(std::int64_t width, const MicroBatchLimits& limits);

// Sizes of the micro-batches, in order, of sources of these lengths (tokens, longest first): of all cuts within the
// limits one that costs the fewest positions, padding and overhead counted; of equals, the one whose first micro-batch
// is largest, then the second, and so on. By dynamic programming, at most lengths * examples steps.
std::vector<std::size_t> cut_micro_batches(std::span<const std::int64_t> lengths, const MicroBatchLimits& limits);

// No cut of `count` sources of at most `longest` tokens (0: not known) has more micro-batches than this.
std::int64_t most_micro_batches(std::int64_t count, std::int64_t longest, const MicroBatchLimits& limits);

// Encoder positions that micro-batches compute, prompt rows included, and those of them that are padding.
struct EncoderPositions {
  std::int64_t computed = 0;
  std::int64_t padding = 0;

  // A micro-batch of sources of these lengths, in any order.
  void add(std::span<const std::int64_t> lengths, std::int64_t prompt_rows);
  double padding_share() const {
    return computed == 0 ? 0 : static_cast<double>(padding) / static_cast<double>(computed);
  }
};

}  // namespace prelude
