#pragma once

#include <ATen/core/Tensor.h>

#include "core/delta/delta_sites.h"
#include "core/t5/config.h"
#include "core/t5/tensor_parallel.h"
#include "core/t5/weights.h"

namespace prelude {

// wo(activation(wi x)), or gated wo(activation(wi_0 x) * wi_1 x): x [B,S,D] (normalised) -> [B,S,D], before the
// residual. With several ranks F is what is here of the intermediate.
at::Tensor feed_forward(const T5Config& config, const FeedForwardWeights& weights, const at::Tensor& x,
                        const TensorParallel& parallel, const DeltaSites& sites, const SiteContext& context);

}  // namespace prelude
