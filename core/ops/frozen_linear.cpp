#include "core/ops/frozen_linear.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/ops/matrix_product.h"

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct FrozenLinear : torch::autograd::Function<FrozenLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight) {
    context->save_for_backward({weight});
    return times_transposed(x, weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor weight = context->get_saved_variables()[0];  // [out,in]
    return {times(gradients[0], weight), at::Tensor()};
  }
};

struct FrozenLinearPlus : torch::autograd::Function<FrozenLinearPlus> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& residual, const at::Tensor& x,
                            const at::Tensor& weight) {
    context->save_for_backward({weight});
    return times_transposed(x, weight, residual);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor weight = context->get_saved_variables()[0];  // [out,in]
    at::Tensor x_gradient;
    if (context->needs_input_grad(1)) x_gradient = times(gradients[0], weight);
    return {gradients[0], x_gradient, at::Tensor()};
  }
};

}  // namespace

at::Tensor frozen_linear(const at::Tensor& x, const at::Tensor& weight) { return FrozenLinear::apply(x, weight); }

at::Tensor frozen_linear_plus(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& weight) {
  return FrozenLinearPlus::apply(residual, x, weight);
}

}  // namespace prelude
