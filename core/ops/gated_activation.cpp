#include "core/ops/gated_activation.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "core/error.h"
#include "core/ops/cpu/kernels.h"
#include "core/ops/cpu/runs_here.h"
#include "core/ops/cuda/row_operators.h"

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

// The kernels' name for it; none for the exact GELU.
std::optional<Gate> kernel_gate(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return Gate::relu;
    case Activation::gelu_tanh:
      return Gate::gelu_tanh;
    case Activation::silu:
      return Gate::silu;
    case Activation::gelu:
      return std::nullopt;
  }
  throw InternalError("unknown activation");
}

struct GatedActivation : torch::autograd::Function<GatedActivation> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& halves, std::int64_t kind) {
    context->save_for_backward({halves});
    context->saved_data["kind"] = kind;
    const auto activation = static_cast<Activation>(kind);
    const std::int64_t width = halves.size(-1) / 2;
    const auto gate = kernel_gate(activation);
    const bool on_cuda = cuda::runs_here({halves});
    if (!gate || !(on_cuda || cpu::runs_here({halves}))) {
      return activate(halves.narrow(-1, 0, width), activation).mul_(halves.narrow(-1, width, width));
    }
    const at::Tensor from = halves.contiguous();
    auto sizes = halves.sizes().vec();
    sizes.back() = width;
    at::Tensor result = at::empty(sizes, halves.options());
    if (on_cuda) {
      cuda::gated(*gate, from, result);
      return result;
    }
    float* const to = result.mutable_data_ptr<float>();
    cpu::over_rows(from.numel() / (2 * width), width, [&](std::int64_t begin, std::int64_t rows) {
      cpu::kernels().gated(*gate, from.const_data_ptr<float>() + begin * 2 * width, rows, width, to + begin * width);
    });
    return result;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor halves = context->get_saved_variables()[0];
    const auto activation = static_cast<Activation>(context->saved_data["kind"].toInt());
    const std::int64_t width = halves.size(-1) / 2;
    at::Tensor result = at::empty(halves.sizes(), halves.options());
    const auto gate = kernel_gate(activation);
    const bool on_cuda = cuda::runs_here({halves, gradients[0]});
    if (!gate || !(on_cuda || cpu::runs_here({halves, gradients[0]}))) {
      const at::Tensor first = halves.narrow(-1, 0, width);
      const at::Tensor slope = activate_backward(gradients[0] * halves.narrow(-1, width, width), first, activation);
      result.narrow(-1, 0, width).copy_(slope);
      result.narrow(-1, width, width).copy_(activate(first, activation).mul_(gradients[0]));
      return {result, at::Tensor()};
    }
    const at::Tensor from = halves.contiguous();
    const at::Tensor gradient = gradients[0].contiguous();
    if (on_cuda) {
      cuda::gated_gradient(*gate, gradient, from, result);
      return {result, at::Tensor()};
    }
    float* const to = result.mutable_data_ptr<float>();
    cpu::over_rows(from.numel() / (2 * width), width, [&](std::int64_t begin, std::int64_t rows) {
      cpu::kernels().gated_gradient(*gate, gradient.const_data_ptr<float>() + begin * width,
                                    from.const_data_ptr<float>() + begin * 2 * width, rows, width,
                                    to + begin * 2 * width);
    });
    return {result, at::Tensor()};
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

at::Tensor gated_activation(const at::Tensor& halves, Activation activation) {
  ensure(halves.size(-1) % 2 == 0, "two halves of {} columns", halves.size(-1));
  return GatedActivation::apply(halves, static_cast<std::int64_t>(activation));
}

}  // namespace prelude
