#include "core/ops/rms_norm.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/ops/accumulate_type.h"

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct RmsNorm : torch::autograd::Function<RmsNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scale, double epsilon) {
    const at::Tensor wide = x.to(accumulate_type(x.scalar_type()));
    const at::Tensor inverse = wide.square().mean(-1, true).add_(epsilon).rsqrt_();  // [...,1]
    context->save_for_backward({x, scale, inverse});
    return (wide * inverse).to(scale.scalar_type()).mul_(scale);
  }

  // With r = 1/rms: dx = r (g s) - x r^3 mean(g s x); dscale = sum of g x r.
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& inverse = saved[2];                                     // [...,1]
    const at::Tensor wide = saved[0].to(inverse.scalar_type());               // [...,D]
    const at::Tensor gradient = gradients[0].to(inverse.scalar_type());       // [...,D]
    const at::Tensor scaled = gradient * saved[1].to(inverse.scalar_type());  // [...,D]
    const at::Tensor along = (scaled * wide).mean(-1, true).mul_(inverse.pow(3));
    at::Tensor x_gradient = (scaled * inverse).sub_(wide * along).to(saved[0].scalar_type());
    at::Tensor scale_gradient;  // [D]
    if (context->needs_input_grad(1)) {
      scale_gradient = (gradient * wide * inverse).flatten(0, -2).sum(0).to(saved[1].scalar_type());
    }
    return {x_gradient, scale_gradient, at::Tensor()};
  }
};

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& scale, double epsilon) {
  return RmsNorm::apply(x, scale, epsilon);
}

}  // namespace prelude
