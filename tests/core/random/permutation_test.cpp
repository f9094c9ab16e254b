#include "core/random/permutation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.h"

namespace prelude {
namespace {

bool is_bijection(const Permutation& permutation) {
  std::vector<bool> seen(permutation.size());
  for (std::uint64_t i = 0; i < permutation.size(); ++i) {
    const std::uint64_t value = permutation(i);
    if (value >= permutation.size() || seen[value]) return false;
    seen[value] = true;
  }
  return true;
}

TEST(Permutation, IsABijectionAtEverySmallSize) {
  for (std::uint64_t size = 1; size <= 300; ++size) {
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
      EXPECT_TRUE(is_bijection(Permutation(size, 42, epoch))) << "size " << size << " epoch " << epoch;
    }
  }
}

TEST(Permutation, IsABijectionAroundPowersOfTwo) {
  for (const std::uint64_t size : {1023ULL, 1024ULL, 1025ULL, 65'535ULL, 65'536ULL, 65'537ULL, 1'000'003ULL}) {
    EXPECT_TRUE(is_bijection(Permutation(size, 1, 2))) << "size " << size;
  }
}

TEST(Permutation, StaysInRangeAtHugeSizes) {
  for (const std::uint64_t size : {(1ULL << 40) + 1, (1ULL << 62) + 3, ~0ULL}) {
    const Permutation permutation(size, 9, 0);
    for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_LT(permutation(size - 1 - i), size);
  }
}

// Over many seeds and over many epochs, element 0 (and the last) lands everywhere alike: chi-square over all places.
TEST(Permutation, SendsAnElementEverywhereAlike) {
  constexpr std::uint64_t size = 11;
  constexpr int draws = 22'000;
  const auto chi2 = [&](auto make, std::uint64_t element) {
    std::vector<double> counts(size);
    for (std::uint64_t k = 0; k < draws; ++k) ++counts[make(k)(element)];
    double sum = 0;
    for (const double count : counts) sum += (count - draws / 11.0) * (count - draws / 11.0) / (draws / 11.0);
    return sum;
  };
  constexpr double limit = 29.59;  // chi-square, 10 degrees of freedom, p = 0.001
  for (const std::uint64_t element : {0ULL, 5ULL, 10ULL}) {
    EXPECT_LT(chi2([](std::uint64_t k) { return Permutation(size, k, 0); }, element), limit);
    EXPECT_LT(chi2([](std::uint64_t k) { return Permutation(size, 3, k); }, element), limit);
  }
}

// Neighbours do not stay neighbours: the rank correlation of order and image is that of chance.
TEST(Permutation, LeavesNoOrderBehind) {
  constexpr std::uint64_t size = 100'000;
  const Permutation permutation(size, 5, 1);
  const double mean = (size - 1) / 2.0;
  double covariance = 0;
  double successive = 0;
  for (std::uint64_t i = 0; i < size; ++i) {
    const double here = static_cast<double>(permutation(i)) - mean;
    covariance += here * (static_cast<double>(i) - mean);
    successive += here * (static_cast<double>(permutation((i + 1) % size)) - mean);
  }
  const double variance = (static_cast<double>(size) * size - 1) / 12.0 * size;
  EXPECT_LT(std::abs(covariance / variance), 4.0 / std::sqrt(size));
  EXPECT_LT(std::abs(successive / variance), 4.0 / std::sqrt(size));
}

TEST(Permutation, RefusesWhatItCannotPermute) {
  EXPECT_THROW(Permutation(0, 1, 1), InternalError);
  EXPECT_THROW(Permutation(5, 1, 1)(5), InternalError);
}

}  // namespace
}  // namespace prelude
