#include "core/ops/rms_norm.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "tests/core/ops/compare.h"

namespace prelude {
namespace {

using namespace test;

constexpr double epsilon = 1e-6;

const Operator ours = [](const auto& in) { return rms_norm(in[0], in[1], epsilon); };
const Operator reference = [](const auto& in) {
  return in[1] * (in[0] / (in[0].pow(2).mean(-1, true) + epsilon).sqrt());
};

TEST(RmsNorm, MatchesAtenInFloat64) {
  expect_same(ours, reference, {random_tensor({3, 7, 5}, 1), random_tensor({5}, 2)}, 2, 1e-13);
  expect_same(ours, reference, {random_tensor({1, 1}, 3), random_tensor({1}, 4)}, 2, 1e-9);
  expect_same(ours, reference, {random_tensor({2, 129}, 5) * 1e3, random_tensor({129}, 6)}, 2, 1e-13);
}

TEST(RmsNorm, IsCloseInFloat32OverOddWidths) {
  for (const std::int64_t width : {5, 16, 31, 512}) {
    expect_close_in_float32(ours, reference, {random_tensor({9, width}, 1), random_tensor({width}, 2)}, 2, 1e-6);
  }
}

// Many rows: the scale's gradient is a sum of sums over blocks of them, whose bits no number of threads changes.
TEST(RmsNorm, TheScalesGradientAddsUpManyRows) {
  const at::Tensor x = random_tensor({7, 301, 48}, 1);
  const at::Tensor scale = random_tensor({48}, 2);
  expect_close_in_float32(ours, reference, {x, scale}, 2, 1e-6);
  std::vector<at::Tensor> gradients;
  const int before = at::get_num_threads();
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    at::Tensor leaf = scale.to(at::kFloat).requires_grad_(true);
    rms_norm(x.to(at::kFloat), leaf, epsilon).square().sum().backward();
    gradients.push_back(leaf.grad());
  }
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(gradients[0], gradients[1]));
}

TEST(RmsNorm, TheResidualsGradientIsAdded) {
  const Operator both = [](const auto& in) {
    const NormAndResidual out = rms_norm_of_residual(in[0], in[1], epsilon);
    return out.normed + 3 * out.residual;
  };
  const Operator expected = [](const auto& in) { return reference(in) + 3 * in[0]; };
  const std::vector<at::Tensor> in{random_tensor({4, 37}, 1), random_tensor({37}, 2)};
  expect_same(both, expected, in, 2, 1e-13);
  expect_close_in_float32(both, expected, in, 2, 1e-6);
  const Operator residual_alone = [](const auto& x) { return rms_norm_of_residual(x[0], x[1], epsilon).residual * 2; };
  expect_same(
      residual_alone, [](const auto& x) { return x[0] * 2; }, in, 1, 1e-15);
}

TEST(RmsNorm, EpsilonRulesWhereTheInputIsTiny) {
  expect_same(ours, reference, {random_tensor({4, 9}, 1) * 1e-5, random_tensor({9}, 2)}, 2, 1e-13);
  expect_same(ours, reference, {at::zeros({2, 9}, at::kDouble), random_tensor({9}, 2)}, 2, 1e-13);
}

TEST(RmsNorm, FrozenScaleGetsNoGradient) {
  at::Tensor x = random_tensor({2, 3}, 1).requires_grad_(true);
  const at::Tensor scale = random_tensor({3}, 2);
  rms_norm(x, scale, epsilon).sum().backward();
  EXPECT_TRUE(x.grad().defined());
  EXPECT_FALSE(scale.grad().defined());
}

TEST(RmsNorm, KeepsStatisticsInFloat32ForBfloat16) {
  const at::Tensor x = random_tensor({64, 512}, 1).to(at::kBFloat16);
  const at::Tensor scale = random_tensor({512}, 2).to(at::kBFloat16);
  const at::Tensor got = rms_norm(x, scale, epsilon);
  EXPECT_EQ(got.scalar_type(), at::kBFloat16);
  const at::Tensor exact = reference({x.to(at::kDouble), scale.to(at::kDouble)});
  // Two roundings to bfloat16 (8 significant bits): each within 2^-8.
  EXPECT_LE(((got.to(at::kDouble) - exact).abs() / exact.abs().clamp_min(1e-3)).max().item<double>(), 2.1 / 256.0);
}

}  // namespace
}  // namespace prelude
