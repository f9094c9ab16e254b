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
// random, and a number of type `upstream_type`.
inline Outcome run(const Operator& op, const std::vector<at::Tensor>& inputs, std::size_t trained,
                   at::ScalarType upstream_type = at::kDouble) {
  std::vector<at::Tensor> leaves;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    leaves.push_back(inputs[i].detach().clone());
    if (i < trained) leaves.back().requires_grad_(true);
  }
  Outcome outcome;
  outcome.value = op(leaves);
  const at::Tensor upstream = random_tensor(outcome.value.sizes().vec(), 99).to(upstream_type);
  outcome.value.backward(upstream.to(outcome.value.options().requires_grad(false)));
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

// `ours` in the type and on the device of `where` against `reference` in float64 on the CPU, on the same numbers:
// values and gradients.
inline void expect_close_in(const at::TensorOptions& where, const Operator& ours, const Operator& reference,
                            const std::vector<at::Tensor>& inputs, std::size_t trained, double tolerance) {
  const at::ScalarType type = c10::typeMetaToScalarType(where.dtype());
  std::vector<at::Tensor> rounded;
  rounded.reserve(inputs.size());
  std::vector<at::Tensor> exact_inputs;
  exact_inputs.reserve(inputs.size());
  for (const at::Tensor& input : inputs) {
    rounded.push_back(input.to(where));
    exact_inputs.push_back(input.to(type).to(at::kDouble));
  }
  const Outcome got = run(ours, rounded, trained, type);
  const Outcome exact = run(reference, exact_inputs, trained, type);
  EXPECT_LE(relative_difference(got.value, exact.value), tolerance);
  for (std::size_t i = 0; i < trained; ++i) {
    EXPECT_LE(relative_difference(got.gradients[i], exact.gradients[i]), tolerance) << "gradient of input " << i;
  }
}

inline void expect_close_in_float32(const Operator& ours, const Operator& reference,
                                    const std::vector<at::Tensor>& inputs, std::size_t trained, double tolerance) {
  expect_close_in(at::TensorOptions(at::kFloat), ours, reference, inputs, trained, tolerance);
}

}  // namespace prelude::test
