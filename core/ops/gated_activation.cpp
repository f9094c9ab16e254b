#include "core/ops/gated_activation.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/error.h"

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// d activation(x) / dx * gradient, elementwise.
at::Tensor activate_backward(const at::Tensor& gradient, const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return at::threshold_backward(gradient, x, 0);
    case Activation::gelu:
      return at::gelu_backward(gradient, x, "none");
    case Activation::gelu_tanh:
      return at::gelu_backward(gradient, x, "tanh");
    case Activation::silu:
      return at::silu_backward(gradient, x);
  }
  throw InternalError("unknown activation");
}

struct GatedActivation : torch::autograd::Function<GatedActivation> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gate, const at::Tensor& value,
                            std::int64_t kind) {
    context->save_for_backward({gate, value});
    context->saved_data["kind"] = kind;
    return activate(gate, static_cast<Activation>(kind)).mul_(value);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto activation = static_cast<Activation>(context->saved_data["kind"].toInt());
    const at::Tensor& gradient = gradients[0];
    return {activate_backward(gradient * saved[1], saved[0], activation), activate(saved[0], activation).mul_(gradient),
            at::Tensor()};
  }
};

}  // namespace

at::Tensor activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return at::relu(x);
    case Activation::gelu:
      return at::gelu(x, "none");
    case Activation::gelu_tanh:
      return at::gelu(x, "tanh");
    case Activation::silu:
      return at::silu(x);
  }
  throw InternalError("unknown activation");
}

at::Tensor gated_activation(const at::Tensor& gate, const at::Tensor& value, Activation activation) {
  return GatedActivation::apply(gate, value, static_cast<std::int64_t>(activation));
}

}  // namespace prelude
