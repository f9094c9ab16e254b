#include "core/ops/gated_activation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/ops/compare.h"

namespace prelude {
namespace {

using namespace test;

// The formulas written out, so that nothing of ATen's activations is taken on trust.
at::Tensor formula(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return x * x.gt(0).to(x.scalar_type());
    case Activation::gelu:
      return 0.5 * x * (1.0 + at::erf(x / std::sqrt(2.0)));
    case Activation::gelu_tanh:
      return 0.5 * x * (1.0 + at::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x.pow(3))));
    case Activation::silu:
      return x / (1.0 + at::exp(-x));
  }
  throw std::logic_error("unknown activation");
}

class Activations : public testing::TestWithParam<Activation> {};

TEST_P(Activations, PlainMatchesItsFormula) {
  const Activation kind = GetParam();
  expect_same([kind](const auto& in) { return activate(in[0], kind); },
              [kind](const auto& in) { return formula(in[0], kind); }, {random_tensor({3, 17}, 1) * 3}, 1, 1e-12);
}

// gate and value, side by side, as the operator takes them.
at::Tensor gated_formula(const at::Tensor& halves, Activation activation) {
  const auto parts = halves.chunk(2, -1);
  return formula(parts[0], activation) * parts[1];
}

TEST_P(Activations, GatedMatchesItsFormula) {
  const Activation kind = GetParam();
  expect_same([kind](const auto& in) { return gated_activation(in[0], kind); },
              [kind](const auto& in) { return gated_formula(in[0], kind); }, {random_tensor({3, 5, 14}, 1) * 3}, 1,
              1e-12);
}

TEST_P(Activations, GatedIsCloseInFloat32OverOddWidths) {
  const Activation kind = GetParam();
  for (const std::int64_t width : {1, 2, 15, 16, 17, 100, 1024}) {
    // Up to +-30: where the exponential is clamped, too.
    const at::Tensor halves = random_tensor({7, 2 * width}, static_cast<std::uint64_t>(width)) * 10;
    expect_close_in_float32([kind](const auto& in) { return gated_activation(in[0], kind); },
                            [kind](const auto& in) { return gated_formula(in[0], kind); }, {halves}, 1, 1e-6);
  }
}

TEST_P(Activations, GatedKeepsTheInputAsItWas) {
  const at::Tensor halves = random_tensor({4, 6}, 1);
  gated_activation(halves, GetParam());
  EXPECT_TRUE(at::equal(halves, random_tensor({4, 6}, 1)));
}

INSTANTIATE_TEST_SUITE_P(All, Activations,
                         testing::Values(Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu));

}  // namespace
}  // namespace prelude
