#include "core/ops/fp8_weight.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstdint>
#include <limits>
#include <utility>

#include "core/error.h"

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double largest = 448;                     // e4m3's
constexpr std::int32_t exponent_bits = 0x7F800000;  // of a float32
constexpr std::int64_t tile = 16;                   // numbers in 16 bytes, which a GPU's products read at once

// a [m,k], b [n,k] -> a b^T, [m,n] of `dtype`.
at::Tensor multiply(const Fp8Rows& a, const at::Tensor& b, const at::Tensor& b_scales, at::ScalarType dtype) {
  if (a.values.is_cuda()) {
    return at::_scaled_mm(a.values, b.t(), a.scales, b_scales.t(), /*bias=*/{}, /*scale_result=*/{}, dtype,
                          /*use_fast_accum=*/true);
  }
  const at::Tensor product = at::mm(a.values.to(at::kFloat), b.to(at::kFloat).t());
  return product.mul_(a.scales).mul_(b_scales.t()).to(dtype);
}

// rows [m,n] with the leading sizes of x [...,k] -> [...,n].
at::Tensor shaped_like(const at::Tensor& x, const at::Tensor& rows) {
  auto sizes = x.sizes().vec();
  sizes.back() = rows.size(1);
  return at::_unsafe_view(rows, sizes);
}

// An autograd context keeps tensors.
void save(AutogradContext* context, const Fp8Weight& weight) {
  context->save_for_backward({weight.matrix.values, weight.matrix.scales, weight.transposed});
}

Fp8Weight saved(AutogradContext* context) {
  const variable_list parts = context->get_saved_variables();
  return {{parts[0], parts[1]}, parts[2]};
}

struct Fp8Linear : torch::autograd::Function<Fp8Linear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Fp8Weight& weight) {
    save(context, weight);
    return times_transposed(x, weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {times(gradients[0], saved(context)), at::Tensor()};
  }
};

}  // namespace

Fp8Rows to_fp8_rows(const at::Tensor& matrix) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const at::Tensor greatest = at::linalg_vector_norm(matrix, infinity, 1, /*keepdim=*/true).to(at::kFloat);  // [rows,1]
  // Twice the power of two below: the exponent's bits alone. Of a row of zeros, the least normal number's.
  const at::Tensor bits = (greatest / largest).clamp_min_(std::numeric_limits<float>::min()).view(at::kInt);
  const at::Tensor scales = bits.bitwise_and(exponent_bits).view(at::kFloat).mul(2);
  const at::ScalarType type = matrix.scalar_type() == at::kBFloat16 ? at::kBFloat16 : at::kFloat;  // both hold a scale
  return {(matrix.to(type) / scales.to(type)).to(at::kFloat8_e4m3fn).contiguous(), scales};
}

Fp8Weight to_fp8(const at::Tensor& weight) {
  ensure(weight.dim() == 2, "a weight of {} dimensions", weight.dim());
  require(weight.size(0) % tile == 0 && weight.size(1) % tile == 0,
          "a weight [{},{}] cannot be multiplied in 8 bits: both sizes must be multiples of {}; use 16 bits",
          weight.size(0), weight.size(1), tile);
  Fp8Rows matrix = to_fp8_rows(weight);
  at::Tensor transposed = matrix.values.t().contiguous();
  return {std::move(matrix), std::move(transposed)};
}

std::int64_t fp8_bytes(const at::Tensor& values) {
  return 2 * values.numel() + values.size(0) * static_cast<std::int64_t>(sizeof(float));
}

at::Tensor from_fp8(const Fp8Weight& weight) { return weight.matrix.values.to(at::kFloat) * weight.matrix.scales; }

at::Tensor times_transposed(const at::Tensor& x, const Fp8Weight& weight) {
  const Fp8Rows rows = to_fp8_rows(x.reshape({-1, x.size(-1)}));
  return shaped_like(x, multiply(rows, weight.matrix.values, weight.matrix.scales, x.scalar_type()));
}

at::Tensor times(const at::Tensor& x, const Fp8Weight& weight) {
  const at::Tensor terms = x.reshape({-1, x.size(-1)}) * weight.matrix.scales.flatten().to(x.scalar_type());  // [m,out]
  const at::Tensor ones = at::ones({weight.transposed.size(0), 1}, weight.matrix.scales.options());           // [in,1]
  return shaped_like(x, multiply(to_fp8_rows(terms), weight.transposed, ones, x.scalar_type()));
}

at::Tensor frozen_linear(const at::Tensor& x, const Fp8Weight& weight) { return Fp8Linear::apply(x, weight); }

at::Tensor frozen_linear_plus(const at::Tensor& residual, const at::Tensor& x, const Fp8Weight& weight) {
  return residual + frozen_linear(x, weight);
}

}  // namespace prelude
