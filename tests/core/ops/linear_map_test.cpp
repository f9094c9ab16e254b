#include "core/ops/linear_map.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/core/ops/compare.h"

namespace prelude {
namespace {

using namespace test;

const Operator ours = [](const auto& in) { return linear_map(in[0], in[1]); };
const Operator reference = [](const auto& in) { return at::matmul(in[0], in[1].t()); };

TEST(LinearMap, MatchesAtenInFloat64) {
  expect_same(ours, reference, {random_tensor({3, 7, 5}, 1), random_tensor({11, 5}, 2)}, 2, 1e-13);
  expect_same(ours, reference, {random_tensor({1, 1, 1}, 3), random_tensor({1, 1}, 4)}, 2, 1e-13);
  expect_same(ours, reference, {random_tensor({6, 13}, 5), random_tensor({2, 13}, 6)}, 2, 1e-13);
}

TEST(LinearMap, TakesInputsThatAreNotContiguous) {
  const Operator transposed = [](const auto& in) { return linear_map(in[0].transpose(0, 1), in[1]); };
  const Operator expected = [](const auto& in) { return at::matmul(in[0].transpose(0, 1), in[1].t()); };
  expect_same(transposed, expected, {random_tensor({4, 3, 5}, 1), random_tensor({7, 5}, 2)}, 2, 1e-13);
}

TEST(LinearMap, IsCloseInFloat32OverOddSizes) {
  for (const auto& [rows, in, out] : std::vector<std::array<std::int64_t, 3>>{{1, 1, 1}, {3, 17, 5}, {130, 64, 33}}) {
    expect_close_in_float32(ours, reference, {random_tensor({rows, in}, 1), random_tensor({out, in}, 2)}, 2, 1e-6);
  }
}

TEST(LinearMap, AddsTheResidual) {
  const Operator plus = [](const auto& in) { return linear_map_plus(in[0], in[1], in[2]); };
  const Operator expected = [](const auto& in) { return in[0] + at::matmul(in[1], in[2].t()); };
  const std::vector<at::Tensor> in{random_tensor({3, 7, 11}, 1), random_tensor({3, 7, 5}, 2),
                                   random_tensor({11, 5}, 3)};
  for (const std::size_t trained : {2U, 3U}) {
    expect_same(plus, expected, in, trained, 1e-13);
    expect_close_in_float32(plus, expected, in, trained, 1e-6);
  }
}

TEST(LinearMap, GivesAGradientOnlyToWhatRequiresOne) {
  for (const bool x_trains : {false, true}) {
    const bool weight_trains = !x_trains;
    const at::Tensor x = random_tensor({2, 3}, 1).requires_grad_(x_trains);
    const at::Tensor weight = random_tensor({4, 3}, 2).requires_grad_(weight_trains);
    linear_map(x, weight).sum().backward();
    EXPECT_EQ(x.grad().defined(), x_trains);
    EXPECT_EQ(weight.grad().defined(), weight_trains);
  }
}

TEST(LinearMap, MakesNoGraphWithoutATrainedInput) {
  EXPECT_FALSE(linear_map(random_tensor({2, 3}, 1), random_tensor({4, 3}, 2)).requires_grad());
}

TEST(LinearMap, KeepsNoInputForBackward) {
  const at::Tensor leaf = random_tensor({2, 3}, 1).requires_grad_(true);
  const at::Tensor x = leaf * 1.0;
  const at::Tensor y = linear_map(x, random_tensor({4, 3}, 2));
  EXPECT_TRUE(y.requires_grad());
  EXPECT_EQ(x.use_count(), 1U);
  EXPECT_EQ(x.storage().use_count(), 1U);
}

}  // namespace
}  // namespace prelude
