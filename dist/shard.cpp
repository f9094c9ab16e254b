#include "dist/shard.h"

#include <c10/util/accumulate.h>

#include <algorithm>

#include "core/error.h"

namespace prelude {
namespace {

std::vector<std::int64_t> sizes_of(const std::vector<NamedShape>& parts) {
  std::vector<std::int64_t> sizes;
  sizes.reserve(parts.size());
  for (const NamedShape& part : parts) sizes.push_back(c10::multiply_integers(part.shape));
  return sizes;
}

// Fills each rank up to `limit` elements; fewer shards than ranks may come out, or more where `limit` is too small.
std::vector<Shard> filled(const std::vector<std::int64_t>& sizes, std::int64_t limit) {
  std::vector<Shard> shards{{}};
  for (std::size_t part = 0; part < sizes.size(); ++part) {
    if (const Shard& last = shards.back(); last.size() > 0 && last.size() + sizes[part] > limit) {
      shards.push_back({last.end, last.end, part, part});
    }
    shards.back().end += sizes[part];
    shards.back().end_part = part + 1;
  }
  return shards;
}

}  // namespace

std::vector<Shard> shards_of_elements(std::int64_t elements, int ranks) {
  ensure(elements > 0 && ranks > 0, "{} elements for {} ranks", elements, ranks);
  constexpr std::int64_t together = 64;
  const std::int64_t size = (elements + ranks * together - 1) / (ranks * together) * together;
  std::vector<Shard> shards;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    shards.push_back({std::min(rank * size, elements), std::min((rank + 1) * size, elements)});
  }
  return shards;
}

std::vector<Shard> shards_of_parts(const std::vector<NamedShape>& parts, int ranks) {
  ensure(!parts.empty() && ranks > 0, "{} parts for {} ranks", parts.size(), ranks);
  const std::vector<std::int64_t> sizes = sizes_of(parts);
  // The least limit with which no more shards than ranks come out, by bisection.
  std::int64_t low = *std::max_element(sizes.begin(), sizes.end());
  std::int64_t high = c10::sum_integers(sizes);
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const bool fits = filled(sizes, middle).size() <= static_cast<std::size_t>(ranks);
    (fits ? high : low) = fits ? middle : middle + 1;
  }
  std::vector<Shard> shards = filled(sizes, low);
  const Shard last = shards.back();
  shards.resize(static_cast<std::size_t>(ranks), {last.end, last.end, last.end_part, last.end_part});
  return shards;
}

}  // namespace prelude
