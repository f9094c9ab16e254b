#include "core/ops/dropout_mask.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace prelude {
namespace {

// The word of (example's key, site, head, row, column).
struct Place {
  std::int64_t key = 0;
  std::uint64_t site = 0;
  std::int64_t head = 0;
  std::int64_t row = 0;
  std::uint32_t column = 0;
};

std::uint32_t word_at(const Place& place) {
  DropoutMask mask;
  mask.site = place.site;
  mask.positions = std::int64_t{1} << 32;
  mask.first_head = place.head;
  return dropout_word(place.column, mask.row_key(&place.key, place.row));
}

// Goes `by` along one of the five coordinates.
Place moved(Place place, std::size_t axis, std::uint32_t by) {
  switch (axis) {
    case 0:
      place.key += by;
      break;
    case 1:
      place.site += by;
      break;
    case 2:
      place.head += by;
      break;
    case 3:
      place.row += by;
      break;
    default:
      place.column += by;
  }
  return place;
}

constexpr std::array<const char*, 5> axes{"example", "site", "head", "row", "column"};

// How many standard deviations chi-square over `counts`, expected to be alike, lies from its mean.
double deviation(const std::vector<double>& counts) {
  double sum = 0;
  for (const double count : counts) sum += count;
  const double expected = sum / static_cast<double>(counts.size());
  double chi_square = 0;
  for (const double count : counts) chi_square += (count - expected) * (count - expected) / expected;
  const auto freedom = static_cast<double>(counts.size() - 1);
  return (chi_square - freedom) / std::sqrt(2 * freedom);
}

// Some thousand starting points without a pattern in common with the coordinates' steps.
Place start(std::uint32_t i) {
  return {std::int64_t{i} * 3, i % 61, std::int64_t{i} % 12, std::int64_t{i} % 509, i % 1021 * 7};
}

// Bits of a word by its position: high ones, which decide, and low ones.
TEST(DropoutMask, WordsAreUniformAlongEveryCoordinate) {
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    std::vector<double> high(1024);
    std::vector<double> low(1024);
    for (std::uint32_t i = 0; i < 500000; ++i) {
      const std::uint32_t word = word_at(moved({}, axis, i));
      high[word >> 22] += 1;
      low[word & 1023] += 1;
    }
    EXPECT_LT(std::abs(deviation(high)), 4.5) << axes[axis];
    EXPECT_LT(std::abs(deviation(low)), 4.5) << axes[axis];
  }
}

// Eight neighbours, kept or not at rate 1/2: each of the 256 patterns is as frequent as any other.
TEST(DropoutMask, NeighboursAreIndependentAlongEveryCoordinate) {
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    std::vector<double> patterns(256);
    for (std::uint32_t i = 0; i < 100000; ++i) {
      std::size_t pattern = 0;
      for (std::uint32_t k = 0; k < 8; ++k) pattern = 2 * pattern + (word_at(moved(start(i), axis, k)) >> 31);
      patterns[pattern] += 1;
    }
    EXPECT_LT(std::abs(deviation(patterns)), 4.5) << axes[axis];
  }
}

// At a small rate: what is dropped beside what is dropped, along two coordinates at once.
TEST(DropoutMask, PairsAreIndependentAcrossCoordinates) {
  constexpr double rate = 0.1;
  constexpr auto threshold = static_cast<std::uint32_t>(rate * 4294967296.0);
  constexpr std::uint32_t count = 200000;
  for (std::size_t one = 0; one < axes.size(); ++one) {
    for (std::size_t other = 0; other <= one; ++other) {
      double both = 0;
      for (std::uint32_t i = 0; i < count; ++i) {
        const Place here = start(i);
        const bool dropped = word_at(here) < threshold;
        both += dropped && word_at(moved(moved(here, one, 1), other, 1)) < threshold ? 1 : 0;
      }
      const double expected = count * rate * rate;
      EXPECT_LT(std::abs(both - expected) / std::sqrt(expected), 4.5) << axes[one] << " and " << axes[other];
    }
  }
}

// Any bit of any coordinate turns every bit of the word over half of the time.
TEST(DropoutMask, EveryBitOfACoordinateReachesEveryBitOfTheWord) {
  constexpr std::uint32_t count = 4000;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    for (std::uint32_t bit = 0; bit < 20; ++bit) {
      std::array<int, 32> turned{};
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t difference = word_at(start(i)) ^ word_at(moved(start(i), axis, 1U << bit));
        for (std::uint32_t out = 0; out < 32; ++out) turned[out] += static_cast<int>(difference >> out & 1);
      }
      for (std::uint32_t out = 0; out < 32; ++out) {
        EXPECT_LT(std::abs(turned[out] - count / 2.0) / std::sqrt(count / 4.0), 6)
            << axes[axis] << " bit " << bit << " of bit " << out;
      }
    }
  }
}

// Rows whose keys differ in the half that moves the columns alone are not each other's, moved.
TEST(DropoutMask, NoRowIsAnotherMovedByColumns) {
  constexpr std::uint64_t high = std::uint64_t{0x12345678} << 32;
  const std::uint64_t apart = 0x9E3779B9U;  // one column
  int alike = 0;
  for (std::uint32_t column = 0; column < 1000; ++column) {
    const std::uint64_t other_high = high ^ (std::uint64_t{1} << 32);
    const std::uint32_t here = dropout_word(column + 1, high);
    alike += std::popcount(here ^ dropout_word(column, other_high + apart));
  }
  EXPECT_NEAR(alike, 16000, 6 * std::sqrt(32000 * 0.25));
}

// What a seed means must not change: these bits were computed apart from this code, with Python's integers.
TEST(DropoutMask, KeepsItsBits) {
  EXPECT_EQ(word_at({}), 0x93E72D61U);
  EXPECT_EQ(word_at({1, 2, 3, 4, 5}), 0x5548BFA1U);
  EXPECT_EQ(word_at({-1, 40, 31, 1023, 4095}), 0x3A748F8FU);
}

}  // namespace
}  // namespace prelude
