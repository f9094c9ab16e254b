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

TEST_P(Activations, GatedMatchesItsFormula) {
  const Activation kind = GetParam();
  expect_same([kind](const auto& in) { return gated_activation(in[0], in[1], kind); },
              [kind](const auto& in) { return formula(in[0], kind) * in[1]; },
              {random_tensor({3, 5, 7}, 1) * 3, random_tensor({3, 5, 7}, 2)}, 2, 1e-12);
}

TEST_P(Activations, GatedKeepsTheInputsAsTheyWere) {
  const at::Tensor gate = random_tensor({4, 3}, 1);
  const at::Tensor value = random_tensor({4, 3}, 2);
  gated_activation(gate, value, GetParam());
  EXPECT_TRUE(at::equal(gate, random_tensor({4, 3}, 1)));
  EXPECT_TRUE(at::equal(value, random_tensor({4, 3}, 2)));
}

INSTANTIATE_TEST_SUITE_P(All, Activations,
                         testing::Values(Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu));

}  // namespace
}  // namespace prelude
