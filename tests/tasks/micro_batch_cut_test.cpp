#include "tasks/micro_batch_cut.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace prelude::test {
namespace {

using Lengths = std::vector<std::int64_t>;
using Sizes = std::vector<std::size_t>;

std::int64_t signed_size(std::size_t size) { return static_cast<std::int64_t>(size); }

// By the definition: padded positions and overhead of a cut.
std::int64_t cost_of(const Lengths& lengths, const Sizes& sizes, const MicroBatchLimits& limits) {
  std::int64_t cost = 0;
  std::size_t begin = 0;
  for (const std::size_t size : sizes) {
    const auto longest =
        *std::max_element(lengths.begin() + signed_size(begin), lengths.begin() + signed_size(begin + size));
    cost += signed_size(size) * (limits.prompt_rows + longest) + limits.overhead;
    begin += size;
  }
  return cost;
}

bool within(const Lengths& lengths, const Sizes& sizes, const MicroBatchLimits& limits) {
  std::size_t begin = 0;
  for (const std::size_t size : sizes) {
    if (signed_size(size) > limits.examples || size == 0) return false;
    if (size > 1 && signed_size(size) * (limits.prompt_rows + lengths[begin]) > limits.positions) return false;
    begin += size;
  }
  return begin == lengths.size();
}

// Fills each micro-batch before it begins another.
Sizes greedy(const Lengths& lengths, const MicroBatchLimits& limits) {
  Sizes sizes;
  for (std::size_t begin = 0; begin < lengths.size(); begin += sizes.back()) {
    const std::int64_t width = limits.prompt_rows + lengths[begin];
    const std::int64_t most = std::max<std::int64_t>(1, std::min(limits.examples, limits.positions / width));
    sizes.push_back(std::min(static_cast<std::size_t>(most), lengths.size() - begin));
  }
  return sizes;
}

// The best of all cuts; bit i of a pattern: a micro-batch ends behind example i.
Sizes best_of_all(const Lengths& lengths, const MicroBatchLimits& limits) {
  Sizes best;
  for (std::uint32_t pattern = 0; pattern < 1U << (lengths.size() - 1); ++pattern) {
    Sizes sizes{0};
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      ++sizes.back();
      if (i + 1 < lengths.size() && (pattern >> i & 1U) != 0) sizes.push_back(0);
    }
    if (!within(lengths, sizes, limits)) continue;
    if (!best.empty()) {
      const auto cost = cost_of(lengths, sizes, limits);
      const auto least = cost_of(lengths, best, limits);
      if (cost > least || (cost == least && sizes < best)) continue;
    }
    best = sizes;
  }
  return best;
}

Lengths random_lengths(std::mt19937& generator, std::size_t count, int longest) {
  Lengths lengths(count);
  for (auto& length : lengths) length = 1 + static_cast<std::int64_t>(generator() % static_cast<unsigned>(longest));
  std::sort(lengths.rbegin(), lengths.rend());
  return lengths;
}

MicroBatchLimits random_limits(std::mt19937& generator) {
  MicroBatchLimits limits;
  limits.prompt_rows = generator() % 3 == 0 ? 0 : static_cast<std::int64_t>(generator() % 100);
  limits.positions = 1 + static_cast<std::int64_t>(generator() % 2000);
  limits.overhead = static_cast<std::int64_t>(generator() % 200);
  if (generator() % 2 == 0) limits.examples = 1 + static_cast<std::int64_t>(generator() % 12);
  return limits;
}

TEST(MicroBatchCut, IsTheBestOfAllCuts) {
  std::mt19937 generator(1);
  for (int trial = 0; trial < 600; ++trial) {
    const auto lengths = random_lengths(generator, 1 + generator() % 11, trial % 2 == 0 ? 300 : 4);
    const auto limits = random_limits(generator);
    EXPECT_EQ(cut_micro_batches(lengths, limits), best_of_all(lengths, limits)) << trial;
  }
}

TEST(MicroBatchCut, KeepsTheLimitsAndCostsNoMoreThanFillingUp) {
  std::mt19937 generator(2);
  for (int trial = 0; trial < 600; ++trial) {
    const int longest = trial % 3 == 0 ? 20 : 512;
    const auto lengths = random_lengths(generator, generator() % 200, longest);
    const auto limits = random_limits(generator);
    const auto sizes = cut_micro_batches(lengths, limits);
    ASSERT_TRUE(within(lengths, sizes, limits)) << trial;
    EXPECT_LE(cost_of(lengths, sizes, limits), cost_of(lengths, greedy(lengths, limits), limits)) << trial;
    EXPECT_EQ(cut_micro_batches(lengths, limits), sizes);
    const auto count = signed_size(lengths.size());
    EXPECT_LE(signed_size(sizes.size()), most_micro_batches(count, longest, limits)) << trial;
    EXPECT_LE(signed_size(sizes.size()), most_micro_batches(count, 0, limits)) << trial;
  }
}

TEST(MicroBatchCut, ALongExampleIsAlone) {
  EXPECT_EQ(cut_micro_batches(Lengths{500, 400, 10, 10, 10}, {.positions = 60, .prompt_rows = 10}), (Sizes{1, 1, 3}));
  EXPECT_EQ(cut_micro_batches(Lengths{}, {.positions = 60}), Sizes{});
  EXPECT_EQ(cut_micro_batches(Lengths{7, 7, 7}, {}), Sizes{3});
}

// The bound is what the buffers of --reduction ordered are sized by: it must not be as loose as one an example.
TEST(MicroBatchCut, TheBoundIsNearWhatIsNeeded) {
  const MicroBatchLimits limits{.positions = 4096, .prompt_rows = 100};
  EXPECT_EQ(most_micro_batches(2048, 0, limits), 2048);
  EXPECT_EQ(most_micro_batches(2048, 412, limits), 1 + 2 * 2048 / 9 + 162);
  EXPECT_EQ(most_micro_batches(0, 412, limits), 0);
}

TEST(MicroBatchCut, CountsPositionsAndPadding) {
  EncoderPositions positions;
  EXPECT_EQ(positions.padding_share(), 0);
  positions.add(Lengths{5, 3, 3}, 10);
  positions.add(Lengths{}, 10);
  positions.add(Lengths{2}, 10);
  EXPECT_EQ(positions.computed, 45 + 12);
  EXPECT_EQ(positions.padding, 4);
  EXPECT_DOUBLE_EQ(positions.padding_share(), 4.0 / 57);
}

}  // namespace
}  // namespace prelude::test
