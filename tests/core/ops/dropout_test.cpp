#include "core/ops/dropout.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/ops/dropout_mask.h"
#include "tests/core/random_tensor.h"

namespace prelude {
namespace {

using test::random_tensor;
using Indices = std::vector<std::int64_t>;

at::Tensor keys_of(const Indices& samples) { return dropout_keys(7, samples); }

// 1 where kept; [B,S,C] or [B,H,S,C].
at::Tensor kept(const Indices& shape, double rate, const at::Tensor& keys, const DropoutPlace& place) {
  return dropout(at::ones(shape, at::kFloat), rate, keys, place).ne(0).to(at::kFloat);
}

// One number at a time, from the definition.
TEST(Dropout, IsWhatTheMaskSaysOneByOne) {
  const at::Tensor keys = keys_of({4, 9});
  const at::Tensor x = random_tensor({2, 3, 5, 37}, 1).to(at::kFloat);
  const DropoutPlace place{6, 100, 2};
  const at::Tensor y = dropout(x, 0.3, keys, place);
  for (std::int64_t b = 0; b < 2; ++b) {
    for (std::int64_t h = 0; h < 3; ++h) {
      for (std::int64_t s = 0; s < 5; ++s) {
        const auto key = static_cast<std::uint64_t>(keys[b].item<std::int64_t>());
        const std::uint64_t row =
            mixed(mixed(key, 6), (static_cast<std::uint64_t>(h + 2) << 32) + static_cast<std::uint64_t>(s));
        for (std::int64_t c = 0; c < 37; ++c) {
          const bool stays = dropout_word(static_cast<std::uint32_t>(c + 100), row) >= 0.3 * 4294967296.0;
          const float expected = stays ? x[b][h][s][c].item<float>() * static_cast<float>(1 / 0.7) : 0.0F;
          ASSERT_EQ(y[b][h][s][c].item<float>(), expected);
        }
      }
    }
  }
}

TEST(Dropout, KeepsTheExpectedShareAndMean) {
  for (const double rate : {0.01, 0.1, 0.5, 0.9}) {
    const at::Tensor keys = keys_of({0, 1, 2, 3});
    const at::Tensor y = dropout(at::ones({4, 500, 500}), rate, keys, {});
    const double count = 1e6;
    const double share = y.ne(0).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(share, 1 - rate, 5 * std::sqrt(rate * (1 - rate) / count));
    EXPECT_NEAR(y.to(at::kDouble).mean().item<double>(), 1, 5 * std::sqrt(rate / (1 - rate) / count) + 1e-6);
  }
}

TEST(Dropout, OfRateZeroIsTheInputItself) {
  const at::Tensor x = random_tensor({2, 3, 4}, 1);
  EXPECT_TRUE(dropout(x, 0, keys_of({1, 2}), {}).is_same(x));
}

TEST(Dropout, HasOneMaskInEveryType) {
  const at::Tensor keys = keys_of({3, 5});
  const at::Tensor expected = kept({2, 9, 100}, 0.4, keys, {1, 0, 0});
  const at::Tensor x = random_tensor({2, 9, 100}, 4);
  for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf}) {
    const at::Tensor typed = x.to(type);
    const at::Tensor y = dropout(typed, 0.4, keys, {1, 0, 0});
    EXPECT_EQ(y.scalar_type(), type);
    // float64 is exact; the others have one rounding, of a product in float32.
    const at::Tensor wide =
        type == at::kDouble ? typed / 0.6 : (typed.to(at::kFloat) * static_cast<float>(1 / 0.6)).to(type);
    EXPECT_LE(test::relative_difference(y, wide * expected.to(type)), 1e-15) << at::toString(type);
    EXPECT_TRUE(at::equal(y.ne(0).to(at::kFloat), expected)) << at::toString(type);
  }
}

TEST(Dropout, DoesNotDependOnTheBatch) {
  const at::Tensor all = kept({4, 6, 40}, 0.3, keys_of({10, 11, 12, 13}), {2, 0, 0});
  const at::Tensor some = kept({2, 6, 40}, 0.3, keys_of({13, 11}), {2, 0, 0});
  EXPECT_TRUE(at::equal(some[0], all[3]));
  EXPECT_TRUE(at::equal(some[1], all[1]));
  // Padding: more rows and columns than another batch needs.
  const at::Tensor padded = kept({1, 17, 55}, 0.3, keys_of({12}), {2, 0, 0});
  EXPECT_TRUE(at::equal(padded[0].narrow(0, 0, 6).narrow(1, 0, 40), all[2]));
}

TEST(Dropout, OfASliceIsTheSliceOfTheWhole) {
  const at::Tensor keys = keys_of({3, 4});
  const at::Tensor columns = kept({2, 5, 96}, 0.3, keys, {1, 0, 0});
  for (const std::int64_t first : {0, 24, 31, 72}) {
    EXPECT_TRUE(at::equal(kept({2, 5, 24}, 0.3, keys, {1, first, 0}), columns.narrow(2, first, 24))) << first;
  }
  const at::Tensor heads = kept({2, 8, 5, 11}, 0.3, keys, {1, 0, 0});
  for (const std::int64_t first : {0, 2, 6}) {
    EXPECT_TRUE(at::equal(kept({2, 2, 5, 11}, 0.3, keys, {1, 0, first}), heads.narrow(1, first, 2))) << first;
  }
}

TEST(Dropout, DiffersBySeedSampleSiteHeadAndRow) {
  const DropoutPlace place{1, 0, 0};
  const at::Tensor mask = kept({1, 2, 3, 1000}, 0.5, keys_of({3}), place);
  const auto expect_unlike = [&](const at::Tensor& other) {
    const double alike = mask.flatten().eq(other.flatten()).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(alike, 0.5, 5 * 0.5 / std::sqrt(6000.0));
  };
  expect_unlike(kept({1, 2, 3, 1000}, 0.5, keys_of({4}), place));
  expect_unlike(kept({1, 2, 3, 1000}, 0.5, keys_of({3}), {2, 0, 0}));
  expect_unlike(kept({1, 2, 3, 1000}, 0.5, keys_of({3}), {1, 0, 2}));
  expect_unlike(kept({1, 2, 3, 1000}, 0.5, dropout_keys(8, Indices{3}), place));
  expect_unlike(mask.roll({1}, {2}));
  expect_unlike(mask.roll({1}, {3}));
}

// Linear once its mask is known: the gradient of <y, g> is the dropout of g, and what differences give.
TEST(Dropout, BackwardMasksTheUpstreamGradient) {
  const at::Tensor keys = keys_of({3, 8});
  const DropoutPlace place{5, 7, 1};
  const at::Tensor x = random_tensor({2, 2, 3, 19}, 1).requires_grad_();
  const at::Tensor g = random_tensor({2, 2, 3, 19}, 2);
  (dropout(x, 0.25, keys, place) * g).sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), dropout(g, 0.25, keys, place)));

  const auto value = [&](const at::Tensor& at) { return (dropout(at, 0.25, keys, place) * g).sum().item<double>(); };
  const at::Tensor flat = x.detach().clone();
  for (const std::int64_t i : {0, 1, 20, 57, 113, 227}) {
    const at::Tensor step = at::zeros_like(flat);
    step.view({-1})[i] = 1e-4;
    EXPECT_NEAR((value(flat + step) - value(flat - step)) / 2e-4, x.grad().flatten()[i].item<double>(), 1e-7);
  }
}

TEST(Dropout, BackwardTakesAGradientThatIsNotContiguous) {
  const at::Tensor keys = keys_of({3});
  const at::Tensor x = random_tensor({1, 40, 30}, 1).to(at::kFloat).requires_grad_();
  const at::Tensor g = random_tensor({1, 30, 40}, 2).to(at::kFloat);
  dropout(x, 0.25, keys, {}).transpose(1, 2).backward(g);
  EXPECT_TRUE(at::equal(x.grad(), dropout(g.transpose(1, 2).contiguous(), 0.25, keys, {})));
}

// As a product with a mask of zeros does, in every type: a NaN is not lost by chance.
TEST(Dropout, DoesNotHideWhatIsNotFinite) {
  const at::Tensor keys = keys_of({3});
  for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16}) {
    const at::Tensor numbers = at::full({1, 4, 50}, std::nanf(""), type);
    EXPECT_TRUE(dropout(numbers, 0.5, keys, {}).isnan().all().item<bool>()) << at::toString(type);
  }
}

TEST(Dropout, TakesNoRowsAndRatesNearOne) {
  EXPECT_EQ(dropout(at::zeros({2, 0, 5}), 0.5, keys_of({1, 2}), {}).numel(), 0);
  EXPECT_EQ(kept({1, 3, 50}, 1 - 1e-12, keys_of({1}), {}).sum().item<double>(), 0);
}

TEST(Dropout, RefusesWhatIsNoDropout) {
  const at::Tensor x = at::ones({2, 3, 4});
  EXPECT_THROW(dropout(x, 1.0, keys_of({1, 2}), {}), InternalError);
  EXPECT_THROW(dropout(x, -0.1, keys_of({1, 2}), {}), InternalError);
  EXPECT_THROW(dropout(x, 0.5, keys_of({1}), {}), InternalError);
  EXPECT_THROW(dropout(at::ones({2, 3}), 0.5, keys_of({1, 2}), {}), InternalError);
  EXPECT_THROW(dropout(x, 0.5, keys_of({1, 2}), {-1, 0, 0}), InternalError);
  EXPECT_THROW(dropout(x, 0.5, keys_of({1, 2}).to(at::kMeta), {}), InternalError);  // no move at every place
}

}  // namespace
}  // namespace prelude
