#pragma once

#include <ATen/core/Tensor.h>

#include "core/delta/delta_sites.h"
#include "core/t5/config.h"
#include "core/t5/weights.h"

namespace prelude {

// Multi-head attention of x [B,S,D] (normalised) over memory [B,M,D] (x itself in self-attention), with an additive
// bias broadcasting to [B,H,S,M] or undefined -> [B,S,D], before the residual. No scale and no biases (Raffel et al.
// 2020).
at::Tensor attention(const T5Config& config, const AttentionWeights& weights, const at::Tensor& x,
                     const at::Tensor& memory, const at::Tensor& bias, const DeltaSites& sites,
                     const SiteContext& context);

}  // namespace prelude
