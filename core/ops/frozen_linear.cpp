#include "core/ops/frozen_linear.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/ops/frozen_weight.h"
#include "core/ops/matrix_product.h"

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct FrozenLinear : torch::autograd::Function<FrozenLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight) {
    save_weight(*context, weight);
    return times_transposed(x, weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {times(gradients[0], saved_weight(*context)), at::Tensor()};
  }
};

struct FrozenLinearPlus : torch::autograd::Function<FrozenLinearPlus> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& residual, const at::Tensor& x,
                            const at::Tensor& weight) {
    save_weight(*context, weight);
    return times_transposed(x, weight, residual);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::Tensor x_gradient;
    if (context->needs_input_grad(1)) x_gradient = times(gradients[0], saved_weight(*context));
    return {gradients[0], x_gradient, at::Tensor()};
  }
};

}  // namespace

at::Tensor frozen_linear(const at::Tensor& x, const at::Tensor& weight) { return FrozenLinear::apply(x, weight); }

at::Tensor frozen_linear_plus(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& weight) {
  return FrozenLinearPlus::apply(residual, x, weight);
}

}  // namespace prelude
