#include "core/ops/linear_map.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/ops/fp8_tensor.h"
#include "core/ops/frozen_weight.h"
#include "core/ops/matrix_product.h"

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void save(AutogradContext& context, const at::Tensor& x, const at::Tensor& weight) {
  if (weight.requires_grad()) {
    context.save_for_backward({weight, x});
  } else {
    save_weight(context, weight);
  }
}

struct Gradients {
  at::Tensor x;       // [...,in]
  at::Tensor weight;  // [out,in]
};

// `first`: the place of x among the forward's tensors; the weight follows it. Undefined where nobody asks.
Gradients differentiate(AutogradContext& context, const at::Tensor& gradient, std::size_t first) {
  Gradients to;
  const bool trains = context.needs_input_grad(first + 1);
  if (trains) to.weight = outer_sum(gradient, context.get_saved_variables()[1]);
  if (context.needs_input_grad(first)) {
    to.x = times(gradient, trains ? context.get_saved_variables()[0] : saved_weight(context));
  }
  return to;
}

struct LinearMap : torch::autograd::Function<LinearMap> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight) {
    save(*context, x, weight);
    return times_transposed(x, weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const Gradients to = differentiate(*context, gradients[0], 0);
    return {to.x, to.weight};
  }
};

struct LinearMapPlus : torch::autograd::Function<LinearMapPlus> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& residual, const at::Tensor& x,
                            const at::Tensor& weight) {
    save(*context, x, weight);
    return times_transposed(x, weight, residual);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const Gradients to = differentiate(*context, gradients[0], 1);
    return {gradients[0], to.x, to.weight};
  }
};

struct PartsOfProduct : torch::autograd::Function<PartsOfProduct> {
  static variable_list forward(AutogradContext* /*context*/, const at::Tensor& y, std::int64_t n) {
    return y.chunk(n, -1);
  }
  static variable_list backward(AutogradContext* /*context*/, const variable_list& gradients) {
    return {at::cat(gradients, -1), at::Tensor()};
  }
};

}  // namespace

std::vector<at::Tensor> parts_of_product(const at::Tensor& y, std::int64_t n) {
  return n == 1 ? std::vector<at::Tensor>{y} : PartsOfProduct::apply(y, n);
}

at::Tensor linear_map(const at::Tensor& x, const at::Tensor& weight) {
  if (const Fp8Weight* const in_8_bits = fp8_of(weight)) return frozen_linear(x, *in_8_bits);
  return LinearMap::apply(x, weight);
}

at::Tensor linear_map_plus(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& weight) {
  if (const Fp8Weight* const in_8_bits = fp8_of(weight)) return frozen_linear_plus(residual, x, *in_8_bits);
  return LinearMapPlus::apply(residual, x, weight);
}

}  // namespace prelude
