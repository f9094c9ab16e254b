#include "core/ops/frozen_linear.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/core/ops/compare.h"

namespace prelude {
namespace {

using namespace test;

const Operator ours = [](const auto& in) { return frozen_linear(in[0], in[1]); };
const Operator reference = [](const auto& in) { return at::matmul(in[0], in[1].t()); };

TEST(FrozenLinear, MatchesAtenInFloat64) {
  expect_same(ours, reference, {random_tensor({3, 7, 5}, 1), random_tensor({11, 5}, 2)}, 1, 1e-13);
  expect_same(ours, reference, {random_tensor({1, 1, 1}, 3), random_tensor({1, 1}, 4)}, 1, 1e-13);
  expect_same(ours, reference, {random_tensor({6, 13}, 5), random_tensor({2, 13}, 6)}, 1, 1e-13);
}

TEST(FrozenLinear, TakesInputsThatAreNotContiguous) {
  const Operator transposed = [](const auto& in) { return frozen_linear(in[0].transpose(0, 1), in[1]); };
  const Operator expected = [](const auto& in) { return at::matmul(in[0].transpose(0, 1), in[1].t()); };
  expect_same(transposed, expected, {random_tensor({4, 3, 5}, 1), random_tensor({7, 5}, 2)}, 1, 1e-13);
}

TEST(FrozenLinear, IsCloseInFloat32OverOddSizes) {
  for (const auto& [rows, in, out] : std::vector<std::array<std::int64_t, 3>>{{1, 1, 1}, {3, 17, 5}, {130, 64, 33}}) {
    expect_close_in_float32(ours, reference, {random_tensor({rows, in}, 1), random_tensor({out, in}, 2)}, 1, 1e-6);
  }
}

TEST(FrozenLinear, AddsTheResidual) {
  const Operator plus = [](const auto& in) { return frozen_linear_plus(in[0], in[1], in[2]); };
  const Operator expected = [](const auto& in) { return in[0] + at::matmul(in[1], in[2].t()); };
  const std::vector<at::Tensor> in{random_tensor({3, 7, 11}, 1), random_tensor({3, 7, 5}, 2),
                                   random_tensor({11, 5}, 3)};
  expect_same(plus, expected, in, 2, 1e-13);
  expect_close_in_float32(plus, expected, in, 2, 1e-6);
}

TEST(FrozenLinear, NeverGivesTheWeightAGradient) {
  at::Tensor x = random_tensor({2, 3}, 1).requires_grad_(true);
  at::Tensor weight = random_tensor({4, 3}, 2).requires_grad_(true);
  frozen_linear(x, weight).sum().backward();
  EXPECT_TRUE(x.grad().defined());
  EXPECT_FALSE(weight.grad().defined());
}

TEST(FrozenLinear, MakesNoGraphWithoutATrainedInput) {
  EXPECT_FALSE(frozen_linear(random_tensor({2, 3}, 1), random_tensor({4, 3}, 2)).requires_grad());
}

TEST(FrozenLinear, KeepsNoInputForBackward) {
  const at::Tensor leaf = random_tensor({2, 3}, 1).requires_grad_(true);
  const at::Tensor x = leaf * 1.0;
  const at::Tensor y = frozen_linear(x, random_tensor({4, 3}, 2));
  EXPECT_TRUE(y.requires_grad());
  EXPECT_EQ(x.use_count(), 1U);
  EXPECT_EQ(x.storage().use_count(), 1U);
}

}  // namespace
}  // namespace prelude
