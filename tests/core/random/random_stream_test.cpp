#include "core/random/random_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "core/error.h"

namespace prelude {
namespace {

using Words = std::array<std::uint32_t, 4>;

// Known answers of philox4x32 with 10 rounds: kat_vectors of Random123 (D. E. Shaw Research).
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, IsTheCounterModeOfPhilox) {
  RandomStream stream(0x0123456789abcdefULL, Purpose::sample, 0xfedcba9876543210ULL);
  for (std::uint32_t block = 0; block < 5; ++block) {
    const Words words = philox4x32({block, 2, 0x76543210, 0xfedcba98}, {0x89abcdef, 0x01234567});
    for (const std::uint32_t word : words) EXPECT_EQ(stream.next_u32(), word);
  }
}

TEST(RandomStream, DiffersInSeedPurposeAndIndex) {
  std::set<std::uint64_t> first;
  for (const std::uint64_t seed : {0ULL, 1ULL, 1ULL << 32}) {
    for (const Purpose purpose : {Purpose::sample, Purpose::validation, Purpose::document}) {
      for (const std::uint64_t index : {0ULL, 1ULL, 1ULL << 32, ~0ULL}) {
        first.insert(RandomStream(seed, purpose, index).next_u64());
      }
    }
  }
  EXPECT_EQ(first.size(), 3U * 3U * 4U);
}

// Chi-square of `counts` against equal chances, as a standard normal score (Wilson and Hilferty).
double uniform_score(const std::vector<double>& counts) {
  const double expected = std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  double chi2 = 0;
  for (const double count : counts) chi2 += (count - expected) * (count - expected) / expected;
  const double freedom = static_cast<double>(counts.size()) - 1;
  const double spread = 2.0 / (9.0 * freedom);
  return (std::cbrt(chi2 / freedom) - (1.0 - spread)) / std::sqrt(spread);
}

TEST(RandomStream, BelowIsUniformAlsoOverConsecutiveStreams) {
  for (const std::uint64_t bound : {2ULL, 3ULL, 7ULL, 100ULL}) {
    std::vector<double> within(bound);
    std::vector<double> across(bound);
    RandomStream stream(7, Purpose::test, 0);
    for (std::uint64_t i = 0; i < 100'000; ++i) {
      ++within[stream.below(bound)];
      ++across[RandomStream(7, Purpose::test, i).below(bound)];
    }
    EXPECT_LT(std::abs(uniform_score(within)), 3.3) << "bound " << bound;
    EXPECT_LT(std::abs(uniform_score(across)), 3.3) << "bound " << bound;
  }
}

// With bound 3 * 2^62 a plain remainder would give the lowest third twice the chance.
TEST(RandomStream, BelowHasNoBiasAtHugeBounds) {
  constexpr std::uint64_t bound = 3ULL << 62;
  RandomStream stream(11, Purpose::test, 0);
  std::vector<double> thirds(3);
  for (int i = 0; i < 30'000; ++i) ++thirds[stream.below(bound) >> 62];
  EXPECT_LT(std::abs(uniform_score(thirds)), 3.3);
}

TEST(RandomStream, BelowZeroIsRefused) {
  RandomStream stream(1, Purpose::test, 0);
  EXPECT_THROW(stream.below(0), InternalError);
  EXPECT_EQ(stream.below(1), 0U);
}

TEST(RandomStream, UniformHasTheMomentsAndTheRange) {
  RandomStream stream(3, Purpose::test, 5);
  constexpr int count = 200'000;
  std::vector<double> bins(64);
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    const double u = stream.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    ++bins[static_cast<std::size_t>(u * 64.0)];
  }
  EXPECT_NEAR(sum / count, 0.5, 4.0 / std::sqrt(12.0 * count));
  EXPECT_LT(std::abs(uniform_score(bins)), 3.3);
}

TEST(RandomStream, NormalIsNormal) {
  RandomStream stream(3, Purpose::test, 6);
  constexpr int count = 200'000;
  double sum = 0;
  double squares = 0;
  double fourths = 0;
  // Equal-chance bins of the normal distribution by its own distribution function.
  std::vector<double> bins(50);
  for (int i = 0; i < count; ++i) {
    const double x = stream.normal();
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
    const double below = 0.5 * std::erfc(-x / std::sqrt(2.0));
    ++bins[std::min<std::size_t>(49, static_cast<std::size_t>(below * 50.0))];
  }
  EXPECT_NEAR(sum / count, 0.0, 4.0 / std::sqrt(count));
  EXPECT_NEAR(squares / count, 1.0, 4.0 * std::sqrt(2.0 / count));
  EXPECT_NEAR(fourths / count, 3.0, 4.0 * std::sqrt(96.0 / count));
  EXPECT_LT(std::abs(uniform_score(bins)), 3.3);
}

}  // namespace
}  // namespace prelude
