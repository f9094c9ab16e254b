#pragma once

#include <ATen/core/Tensor.h>

#include "core/delta/delta_sites.h"
#include "core/ops/biased_attention.h"
#include "core/ops/rms_norm.h"
#include "core/t5/config.h"
#include "core/t5/dropout_sites.h"
#include "core/t5/tensor_parallel.h"
#include "core/t5/weights.h"

namespace prelude {

// The sublayer from its norm on: multi-head attention of in.normed [B,S,D] over memory [B,M,D], or over itself where
// memory is undefined, added to in.residual -> [B,S,D]. No scale and no biases (Raffel et al. 2020). q, k and v are one
// product (over memory: k and v), which is taken apart where a delta's site sees them. With several ranks H is what is
// here of the heads, and `memory` has gone through parallel.copy_to already: once for all layers, so that its gradient
// is added up over the layers first and over the ranks once.
at::Tensor attention(const T5Config& config, const AttentionWeights& weights, const NormAndResidual& in,
                     const at::Tensor& memory, const AttentionBias& bias, const TensorParallel& parallel,
                     const DeltaSites& sites, const SiteContext& context, const DropoutSites& dropout);

}  // namespace prelude
