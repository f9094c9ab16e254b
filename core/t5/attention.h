#pragma once

#include <ATen/core/Tensor.h>

#include "core/delta/delta_sites.h"
#include "core/t5/config.h"
#include "core/t5/tensor_parallel.h"
#include "core/t5/weights.h"

namespace prelude {

// Multi-head attention of x [B,S,D] (normalised) over memory [B,M,D], or over x itself where memory is undefined, with
// an additive bias broadcasting to [B,H,S,M] or undefined -> [B,S,D], before the residual. No scale and no biases
// (Raffel et al. 2020). With several ranks H is what is here of the heads, and `memory` has gone through
// parallel.copy_to already: once for all layers, so that its gradient is added up over the layers first and over the
// ranks once.
at::Tensor attention(const T5Config& config, const AttentionWeights& weights, const at::Tensor& x,
                     const at::Tensor& memory, const at::Tensor& bias, const TensorParallel& parallel,
                     const DeltaSites& sites, const SiteContext& context);

}  // namespace prelude
