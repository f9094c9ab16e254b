#pragma once

#include <ATen/core/Tensor.h>

#include "core/delta/delta_sites.h"
#include "core/ops/rms_norm.h"
#include "core/t5/config.h"
#include "core/t5/dropout_sites.h"
#include "core/t5/tensor_parallel.h"
#include "core/t5/weights.h"

namespace prelude {

// The sublayer from its norm on: in.residual + wo(activation(wi x)), or gated wo(activation(wi_0 x) * wi_1 x), with x =
// in.normed [B,S,D] -> [B,S,D]. wi_0 and wi_1 are one product, unless a delta's site sees them. With several ranks F is
// what is here of the intermediate.
at::Tensor feed_forward(const T5Config& config, const FeedForwardWeights& weights, const NormAndResidual& in,
                        const TensorParallel& parallel, const DeltaSites& sites, const SiteContext& context,
                        const DropoutSites& dropout);

}  // namespace prelude
