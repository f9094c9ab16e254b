#include "core/memory/free_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/random/random_stream.h"

namespace prelude {
namespace {

TEST(FreeBlocks, TakeTheFirstThatFits) {
  FreeBlocks free(100);
  EXPECT_EQ(free.take(30), 0);
  EXPECT_EQ(free.take(10), 30);
  EXPECT_EQ(free.take(20), 40);
  EXPECT_EQ(free.take(40), 60);
  EXPECT_EQ(free.take(1), -1);
  free.give(0, 30);
  free.give(40, 20);
  EXPECT_EQ(free.take(15), 0);
  EXPECT_EQ(free.take(16), 40);
  EXPECT_EQ(free.take(16), -1);
  EXPECT_EQ(free.take(15), 15);
}

TEST(FreeBlocks, JoinNeighboursOnBothSides) {
  FreeBlocks free(30);
  for (const std::int64_t expected : {0, 10, 20}) EXPECT_EQ(free.take(10), expected);
  free.give(0, 10);
  free.give(20, 10);
  EXPECT_EQ(free.all().size(), 2U);
  free.give(10, 10);
  EXPECT_EQ(free.all(), (std::map<std::int64_t, std::int64_t>{{0, 30}}));
}

// Against a map of single units, over many random takes and gives.
TEST(FreeBlocks, NeverOverlapAndNeverLose) {
  constexpr std::int64_t size = 500;
  FreeBlocks free(size);
  std::vector<bool> used(size, false);
  std::vector<std::pair<std::int64_t, std::int64_t>> taken;
  RandomStream random(1, Purpose::test, 0);
  for (int round = 0; round < 20000; ++round) {
    if (random.below(2) == 0 || taken.empty()) {
      const auto wanted = static_cast<std::int64_t>(1 + random.below(40));
      const std::int64_t at = free.take(wanted);
      if (at < 0) continue;
      taken.emplace_back(at, wanted);
      for (std::int64_t i = at; i < at + wanted; ++i) {
        ASSERT_FALSE(used[static_cast<std::size_t>(i)]);
        used[static_cast<std::size_t>(i)] = true;
      }
    } else {
      const std::size_t which = random.below(taken.size());
      const auto [at, count] = taken[which];
      taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(which));
      free.give(at, count);
      for (std::int64_t i = at; i < at + count; ++i) used[static_cast<std::size_t>(i)] = false;
    }
    std::int64_t total = 0;
    std::int64_t last_end = -1;
    for (const auto& [at, count] : free.all()) {
      ASSERT_GT(at, last_end);  // neighbours were joined
      last_end = at + count;
      total += count;
      for (std::int64_t i = at; i < at + count; ++i) ASSERT_FALSE(used[static_cast<std::size_t>(i)]);
    }
    ASSERT_EQ(total, std::count(used.begin(), used.end(), false));
  }
}

}  // namespace
}  // namespace prelude
