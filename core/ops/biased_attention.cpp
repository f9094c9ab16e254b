#include "core/ops/biased_attention.h"

#include <ATen/ATen.h>

#include <optional>

#include "core/error.h"

namespace prelude {

at::Tensor biased_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& bias) {
  std::optional<at::Tensor> mask;
  if (bias.defined()) {
    ensure(!bias.requires_grad(), "the attention bias requires a gradient; it must be frozen");
    mask = bias.expand({q.size(0), q.size(1), q.size(2), k.size(2)});
  }
  return at::scaled_dot_product_attention(q, k, v, mask, /*dropout_p=*/0.0, /*is_causal=*/false, /*scale=*/1.0);
}

}  // namespace prelude
