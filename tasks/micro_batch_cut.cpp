#include "tasks/micro_batch_cut.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace prelude {

std::int64_t most_together(std::int64_t width, const MicroBatchLimits& limits) {
  const std::int64_t fitting = limits.positions / std::max<std::int64_t>(1, width);
  return std::max<std::int64_t>(1, std::min(limits.examples, fitting));
}

std::vector<std::size_t> cut_micro_batches(std::span<const std::int64_t> lengths, const MicroBatchLimits& limits) {
  ensure(std::is_sorted(lengths.rbegin(), lengths.rend()), "lengths to cut are not sorted, longest first");
  const auto count = static_cast<std::int64_t>(lengths.size());
  const auto place = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  // Of the examples from i on: least cost, and how many of them the first micro-batch then takes.
  std::vector<std::int64_t> cost(place(count + 1), 0);
  std::vector<std::int64_t> first(place(count), 1);
  for (std::int64_t i = count - 1; i >= 0; --i) {
    const std::int64_t width = limits.prompt_rows + lengths[place(i)];
    const std::int64_t most = std::min(count - i, most_together(width, limits));
    cost[place(i)] = std::numeric_limits<std::int64_t>::max();
    for (std::int64_t size = 1; size <= most; ++size) {
      const std::int64_t candidate = size * width + limits.overhead + cost[place(i + size)];
      if (candidate > cost[place(i)]) continue;
      cost[place(i)] = candidate;
      first[place(i)] = size;
    }
  }
  std::vector<std::size_t> sizes;
  for (std::int64_t i = 0; i < count; i += first[place(i)]) sizes.push_back(place(first[place(i)]));
  return sizes;
}

// Two neighbours A, B (of a and b examples, A's longest source longer than B's by d) stay apart for one of two reasons.
// Together they are over a limit: then a + b > m, the most that fit whatever their lengths; as every micro-batch has
// two neighbours, 2 count / (m + 1) pairs at most. Or together they would cost more: then b d > overhead. Summed over
// such pairs, b is at most count and d at most `longest`, so that by Cauchy and Schwarz there are
// sqrt(count * longest / overhead) at most.
std::int64_t most_micro_batches(std::int64_t count, std::int64_t longest, const MicroBatchLimits& limits) {
  if (longest <= 0 || limits.overhead <= 0 || count <= 0) return count;
  const std::int64_t fit = std::min(count, most_together(limits.prompt_rows + longest, limits));
  const double spared =
      static_cast<double>(count) * static_cast<double>(longest) / static_cast<double>(limits.overhead);
  return std::min(count, 1 + 2 * count / (fit + 1) + static_cast<std::int64_t>(std::sqrt(spared)));
}

void EncoderPositions::add(std::span<const std::int64_t> lengths, std::int64_t prompt_rows) {
  if (lengths.empty()) return;
  const auto count = static_cast<std::int64_t>(lengths.size());
  const std::int64_t padded = count * *std::max_element(lengths.begin(), lengths.end());
  computed += count * prompt_rows + padded;
  padding += padded - std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
}

}  // namespace prelude
