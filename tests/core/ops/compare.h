// Values and gradients of an operator of ours against a composition of ATen's, which differentiates by itself.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/core/random_tensor.h"

namespace prelude::test {

using Operator = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

struct Outcome {
  at::Tensor value;
  std::vector<at::Tensor> gradients;  // one an input that requires one
};

// Runs `op` on fresh leaves of `inputs`; the first `trained` of them require a gradient. The upstream gradient is
// random.
inline Outcome run(const Operator& op, const std::vector<at::Tensor>& inputs, std::size_t trained) {
  std::vector<at::Tensor> leaves;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    leaves.push_back(inputs[i].detach().clone());
    if (i < trained) leaves.back().requires_grad_(true);
  }
  Outcome outcome;
  outcome.value = op(leaves);
  const at::Tensor upstream = random_tensor(outcome.value.sizes().vec(), 99).to(outcome.value.scalar_type());
  outcome.value.backward(upstream);
  for (std::size_t i = 0; i < trained; ++i) outcome.gradients.push_back(leaves[i].grad());
  return outcome;
}

inline void expect_same(const Operator& ours, const Operator& reference, const std::vector<at::Tensor>& inputs,
                        std::size_t trained, double tolerance) {
  const Outcome got = run(ours, inputs, trained);
  const Outcome expected = run(reference, inputs, trained);
  EXPECT_LE(relative_difference(got.value, expected.value), tolerance);
  for (std::size_t i = 0; i < trained; ++i) {
    ASSERT_TRUE(got.gradients[i].defined()) << "no gradient of input " << i;
    EXPECT_LE(relative_difference(got.gradients[i], expected.gradients[i]), tolerance) << "gradient of input " << i;
  }
}

// `ours` in float32 against `reference` in float64, on the same numbers: relative L2 of values and gradients.
inline void expect_close_in_float32(const Operator& ours, const Operator& reference,
                                    const std::vector<at::Tensor>& inputs, std::size_t trained, double tolerance) {
  std::vector<at::Tensor> single;
  single.reserve(inputs.size());
  std::vector<at::Tensor> exact_inputs;
  exact_inputs.reserve(inputs.size());
  for (const at::Tensor& input : inputs) {
    single.push_back(input.to(at::kFloat));
    exact_inputs.push_back(single.back().to(at::kDouble));
  }
  const Outcome got = run(ours, single, trained);
  const Outcome exact = run(reference, exact_inputs, trained);
  EXPECT_LE(relative_difference(got.value, exact.value), tolerance);
  for (std::size_t i = 0; i < trained; ++i) {
    EXPECT_LE(relative_difference(got.gradients[i], exact.gradients[i]), tolerance) << "gradient of input " << i;
  }
}

}  // namespace prelude::test
