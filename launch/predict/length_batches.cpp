#include "launch/predict/length_batches.h"

#include <algorithm>
#include <numeric>

namespace prelude {

std::vector<std::int64_t> lengths_of(std::span<const Ids> sources) {
  std::vector<std::int64_t> lengths;
  lengths.reserve(sources.size());
  for (const Ids& source : sources) lengths.push_back(static_cast<std::int64_t>(source.size()));
  return lengths;
}

std::vector<std::vector<std::size_t>> batches_of_like_length(std::span<const std::int64_t> lengths,
                                                             const MicroBatchLimits& limits) {
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  std::vector<std::int64_t> sorted;
  sorted.reserve(order.size());
  for (const std::size_t i : order) sorted.push_back(lengths[i]);
  std::vector<std::vector<std::size_t>> batches;
  auto next = order.begin();
  for (const std::size_t size : cut_micro_batches(sorted, limits)) {
    const auto end = next + static_cast<std::ptrdiff_t>(size);
    batches.emplace_back(next, end);
    next = end;
  }
  return batches;
}

bool is_ours(std::size_t batch, const Communicator& data) {
  return static_cast<int>(batch % static_cast<std::size_t>(data.size())) == data.rank();
}

}  // namespace prelude
