#include "core/t5/feed_forward.h"

#include <ATen/ATen.h>

#include "core/ops/gated_activation.h"
#include "core/t5/linear.h"

namespace prelude {
namespace {

// x [B,S,D] -> [B,S,F], the input of wo.
at::Tensor intermediate(const T5Config& config, const FeedForwardWeights& weights, const at::Tensor& x,
                        const DeltaSites& sites, const SiteContext& context) {
  if (!config.gated) {
    return activate(linear_output(sites, context, LinearName::wi, x, linear_map(x, weights.wi)), config.activation);
  }
  at::Tensor both = linear_map(x, weights.fused);  // [B,S,2*F]
  if (sites.uses(Site::linear_output)) {
    const auto parts = parts_of_product(both, 2);
    both = at::cat({linear_output(sites, context, LinearName::wi_0, x, parts[0]),
                    linear_output(sites, context, LinearName::wi_1, x, parts[1])},
                   -1);
  }
  return gated_activation(both, config.activation);
}

}  // namespace

at::Tensor feed_forward(const T5Config& config, const FeedForwardWeights& weights, const NormAndResidual& in,
                        const TensorParallel& parallel, const DeltaSites& sites, const SiteContext& context,
                        const DropoutSites& dropout) {
  at::Tensor h = intermediate(config, weights, parallel.copy_to(in.normed), sites, context);  // [B,S,F]
  if (sites.uses(Site::feed_forward_intermediate)) {
    h = sites.delta().feed_forward_intermediate(context, std::move(h));
  }
  h = dropout.drop(h, context, DropoutPoint::intermediate, parallel.rank() * h.size(2));
  at::Tensor branch;  // [B,S,D]
  if (sites.uses(Site::feed_forward_branch)) branch = sites.delta().feed_forward_branch(context, in.normed);
  return add_to_residual(parallel, sites, context, LinearName::wo, in.residual, h, weights.wo, dropout, branch);
}

}  // namespace prelude
