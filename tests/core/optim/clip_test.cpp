#include "core/optim/clip.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace prelude {
namespace {

double norm_by_loop(const at::Tensor& gradient) {
  double sum = 0;
  for (std::int64_t i = 0; i < gradient.numel(); ++i) sum += std::pow(gradient[i].item<double>(), 2);
  return std::sqrt(sum);
}

TEST(ClipByNorm, LeavesASmallGradientAsItIs) {
  at::Tensor gradient = at::tensor({0.3F, -0.4F});
  const at::Tensor before = gradient.clone();
  const at::Tensor norm = clip_by_norm(gradient, 1.0);
  EXPECT_EQ(norm.dim(), 0);
  EXPECT_NEAR(norm.item<double>(), 0.5, 1e-7);
  EXPECT_TRUE(at::equal(gradient, before));
}

TEST(ClipByNorm, ScalesALargeGradientToTheMaximum) {
  at::manual_seed(5);
  at::Tensor gradient = at::randn({1000}) * 30;
  const at::Tensor before = gradient.clone();
  const double expected = norm_by_loop(before);
  EXPECT_NEAR(clip_by_norm(gradient, 2.5).item<double>(), expected, 1e-4 * expected);
  EXPECT_NEAR(norm_by_loop(gradient), 2.5, 1e-5);
  EXPECT_TRUE(at::allclose(gradient, before * (2.5 / expected), 1e-5));
}

TEST(ClipByNorm, ShowsThatAGradientIsNotFinite) {
  at::Tensor gradient = at::tensor({1.0F, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_TRUE(std::isnan(clip_by_norm(gradient, 1.0).item<double>()));
  at::Tensor infinite = at::tensor({1.0F, std::numeric_limits<float>::infinity()});
  EXPECT_TRUE(std::isinf(clip_by_norm(infinite, 1.0).item<double>()));
}

TEST(ClipByNorm, LeavesZeroAtZero) {
  at::Tensor gradient = at::zeros({4});
  EXPECT_EQ(clip_by_norm(gradient, 1.0).item<double>(), 0.0);
  EXPECT_TRUE(at::equal(gradient, at::zeros({4})));
}

}  // namespace
}  // namespace prelude
