#include "core/t5/feed_forward.h"

#include <ATen/ATen.h>

#include "core/ops/gated_activation.h"
#include "core/t5/linear.h"

namespace prelude {

at::Tensor feed_forward(const T5Config& config, const FeedForwardWeights& weights, const at::Tensor& x,
                        const TensorParallel& parallel, const DeltaSites& sites, const SiteContext& context) {
  const at::Tensor in = parallel.copy_to(x);  // [B,S,D]
  at::Tensor h = config.gated
                     ? gated_activation(linear(sites, context, LinearName::wi_0, in, weights.wi_0),
                                        linear(sites, context, LinearName::wi_1, in, weights.wi_1), config.activation)
                     : activate(linear(sites, context, LinearName::wi, in, weights.wi), config.activation);
  if (sites.uses(Site::feed_forward_intermediate)) {
    h = sites.delta().feed_forward_intermediate(context, std::move(h));
  }
  at::Tensor y = reduced_linear(parallel, sites, context, LinearName::wo, h, weights.wo);
  if (!sites.uses(Site::feed_forward_branch)) return y;
  const at::Tensor branch = sites.delta().feed_forward_branch(context, x);
  return branch.defined() ? y + branch : y;
}

}  // namespace prelude
