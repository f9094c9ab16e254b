#include "dist/shard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace prelude {
namespace {

TEST(Shard, OfElementsCoverTheLeafInSizesThatAreAlike) {
  for (const std::int64_t elements : {1, 63, 64, 65, 1000, 100003}) {
    for (const int ranks : {1, 2, 3, 4, 64}) {
      const std::vector<Shard> shards = shards_of_elements(elements, ranks);
      ASSERT_EQ(shards.size(), static_cast<std::size_t>(ranks));
      std::int64_t end = 0;
      for (const Shard& shard : shards) {
        EXPECT_EQ(shard.begin, end);
        EXPECT_LT(shard.size(), elements / ranks + 1 + 64);
        EXPECT_TRUE(shard.begin % 64 == 0 || shard.size() == 0);
        end = shard.end;
      }
      EXPECT_EQ(end, elements);
    }
  }
}

std::vector<NamedShape> parts_of(const std::vector<std::int64_t>& sizes) {
  std::vector<NamedShape> parts;
  parts.reserve(sizes.size());
  for (const std::int64_t size : sizes) parts.push_back({"part", {size}});
  return parts;
}

// The largest shard of the best cut, by trying every one.
std::int64_t best(const std::vector<std::int64_t>& sizes, std::size_t from, int ranks) {
  if (from == sizes.size()) return 0;
  if (ranks == 0) return std::numeric_limits<std::int64_t>::max();
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t sum = 0;
  for (std::size_t end = from; end < sizes.size(); ++end) {
    sum += sizes[end];
    least = std::min(least, std::max(sum, best(sizes, end + 1, ranks - 1)));
  }
  return least;
}

TEST(Shard, OfPartsAreTheBestCut) {
  for (const std::vector<std::int64_t>& sizes : std::vector<std::vector<std::int64_t>>{
           {5}, {1, 1, 1, 1}, {100, 1, 1, 1, 1}, {1, 1, 1, 1, 100}, {3, 9, 2, 7, 7, 1, 8, 4, 4}, {64, 8, 64, 8, 64}}) {
    for (const int ranks : {1, 2, 3, 4, 8}) {
      const std::vector<Shard> shards = shards_of_parts(parts_of(sizes), ranks);
      ASSERT_EQ(shards.size(), static_cast<std::size_t>(ranks));
      std::int64_t end = 0;
      std::size_t part = 0;
      std::int64_t largest = 0;
      for (const Shard& shard : shards) {
        EXPECT_EQ(shard.begin, end);
        EXPECT_EQ(shard.first_part, part);
        for (; part < shard.end_part; ++part) end += sizes[part];
        EXPECT_EQ(shard.end, end);
        largest = std::max(largest, shard.size());
      }
      EXPECT_EQ(part, sizes.size());
      EXPECT_EQ(largest, best(sizes, 0, ranks)) << sizes.size() << " parts, " << ranks << " ranks";
    }
  }
}

}  // namespace
}  // namespace prelude
