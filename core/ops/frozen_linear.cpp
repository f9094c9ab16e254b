#include "core/ops/frozen_linear.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct FrozenLinear : torch::autograd::Function<FrozenLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight) {
    context->save_for_backward({weight});
    return at::linear(x, weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor weight = context->get_saved_variables()[0];  // [out,in]
    return {at::matmul(gradients[0], weight), at::Tensor()};
  }
};

}  // namespace

at::Tensor frozen_linear(const at::Tensor& x, const at::Tensor& weight) { return FrozenLinear::apply(x, weight); }

}  // namespace prelude
