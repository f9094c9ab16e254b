#include "core/t5/relative_bias.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

std::vector<std::int64_t> buckets(std::int64_t first, std::int64_t count, bool bidirectional, std::int64_t n,
                                  std::int64_t far) {
  const at::Tensor tensor = relative_buckets(first, count, bidirectional, n, far);
  return {tensor.data_ptr<std::int64_t>(), tensor.data_ptr<std::int64_t>() + tensor.numel()};
}

TEST(RelativeBuckets, AreTransformersOwn) {  // printed by transformers 5.23, T5Attention._relative_position_bucket
  EXPECT_EQ(buckets(-24, 49, true, 32, 128),
            (std::vector<std::int64_t>{11, 11, 10, 10, 10, 10, 10, 10, 10, 9,  9,  9,  9,  8,  8,  8,  8,
                                       7,  6,  5,  4,  3,  2,  1,  0,  17, 18, 19, 20, 21, 22, 23, 24, 24,
                                       24, 24, 25, 25, 25, 25, 26, 26, 26, 26, 26, 26, 26, 27, 27}));
  EXPECT_EQ(
      buckets(-40, 43, false, 32, 128),
      (std::vector<std::int64_t>{23, 22, 22, 22, 22, 22, 21, 21, 21, 21, 20, 20, 20, 20, 19, 19, 19, 18, 18, 18, 17, 17,
                                 16, 16, 16, 15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  3,  2,  1,  0,  0,  0}));
  EXPECT_EQ(buckets(-14, 29, true, 8, 12), (std::vector<std::int64_t>{3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 1, 0,
                                                                      5, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7}));
}

// With 32 buckets and distance 128 a bucket's edge is a power of two's root, so integers decide it exactly.
std::int64_t exact_bidirectional(std::int64_t distance) {
  const std::int64_t side = distance > 0 ? 16 : 0;
  const std::int64_t n = std::abs(distance);
  if (n < 8) return side + n;
  std::int64_t k = 0;
  while (k < 7 && n * n >= 64 * (std::int64_t{1} << (k + 1))) ++k;
  return side + 8 + k;
}

std::int64_t exact_causal(std::int64_t distance) {
  const std::int64_t n = std::max<std::int64_t>(0, -distance);
  if (n < 16) return n;
  std::int64_t k = 0;
  while (k < 15 && 16 * std::log2(static_cast<long double>(n)) >= 64 + 3 * (k + 1)) ++k;
  return 16 + k;
}

TEST(RelativeBuckets, AreExactAtEveryDistanceUpTo1000) {
  const auto both = buckets(-1000, 2001, true, 32, 128);
  const auto causal = buckets(-1000, 2001, false, 32, 128);
  for (std::int64_t d = -1000; d <= 1000; ++d) {
    EXPECT_EQ(both[static_cast<std::size_t>(d + 1000)], exact_bidirectional(d)) << d;
    EXPECT_EQ(causal[static_cast<std::size_t>(d + 1000)], exact_causal(d)) << d;
  }
}

at::Tensor from_table(const at::Tensor& table, std::int64_t length, bool bidirectional, const T5Config& config) {
  return bucket_bias(table, distance_buckets(length, bidirectional, config));
}

TEST(DenseBias, IsTheTableByDistance) {
  T5Config config = small_config();
  config.relative_attention_num_buckets = 32;
  config.relative_attention_max_distance = 128;
  const at::Tensor table = random_tensor({32, config.num_heads}, 1);
  for (const std::int64_t length : {1, 2, 77}) {
    const at::Tensor both = dense_bias(from_table(table, length, true, config), false);
    const at::Tensor causal = dense_bias(from_table(table, length, false, config), true);
    ASSERT_EQ(both.sizes(), at::IntArrayRef({1, config.num_heads, length, length}));
    for (std::int64_t h = 0; h < config.num_heads; ++h) {
      for (std::int64_t i = 0; i < length; ++i) {
        for (std::int64_t j = 0; j < length; ++j) {
          const auto at = [&](const at::Tensor& t) { return t.data_ptr<double>()[(h * length + i) * length + j]; };
          const auto entry = [&](std::int64_t bucket) {
            return table.data_ptr<double>()[bucket * config.num_heads + h];
          };
          ASSERT_EQ(at(both), entry(exact_bidirectional(j - i)));
          ASSERT_EQ(at(causal), j > i ? hidden_score(at::kDouble) : entry(exact_causal(j - i)));
        }
      }
    }
  }
}

TEST(DistanceBias, IsTheSameOutOfTheReach) {
  const T5Config config = small_config();
  const at::Tensor table = random_tensor({config.relative_attention_num_buckets, config.num_heads}, 1);
  for (const bool bidirectional : {true, false}) {
    const at::Tensor reach = from_table(table, config.relative_attention_max_distance + 1, bidirectional, config);
    for (const std::int64_t length : {1, 2, 12, 13, 14, 300}) {
      EXPECT_TRUE(at::equal(distance_bias(reach, length), from_table(table, length, bidirectional, config))) << length;
    }
  }
}

TEST(PaddingMask, HidesFromTheLengthOn) {
  const at::Tensor mask = padding_mask(at::tensor({3, 0, 2}, at::kLong), 3);
  ASSERT_EQ(mask.sizes(), at::IntArrayRef({3, 1, 1, 3}));
  const at::Tensor expected = at::tensor({0, 0, 0, 1, 1, 1, 0, 0, 1}, at::kLong).view({3, 1, 1, 3}).to(at::kBool);
  EXPECT_TRUE(at::equal(mask, expected));
}

}  // namespace
}  // namespace prelude
