#pragma once

#include <ATen/core/Tensor.h>

namespace prelude {

// softmax(q k^T + bias) v without a scale (T5 keeps 1/sqrt(K) in its initialisation). q [B,H,S,K], k and v [B,H,M,K],
// bias broadcasting to [B,H,S,M] in q's dtype, or undefined -> [B,H,S,K]. Softmax in float32 or wider. The bias gets no
// gradient and must not require one: fused kernels refuse it.
at::Tensor biased_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& bias);

}  // namespace prelude
