#include "core/t5/stack.h"

#include <ATen/ATen.h>

#include "core/t5/attention.h"
#include "core/t5/feed_forward.h"
#include "core/t5/linear.h"

namespace prelude {

at::Tensor run_stack(StackKind kind, const T5Config& config, const StackWeights& weights, at::Tensor hidden,
                     const StackInputs& inputs, const TensorParallel& parallel, const DeltaSites& sites) {
  const double epsilon = config.layer_norm_epsilon;
  std::int64_t layer = 0;
  for (const LayerWeights& w : weights.layers) {
    const SiteContext self{kind, layer, Sublayer::self_attention, sites.task_ids()};
    hidden = attention(config, w.self_attention, norm_of_residual(sites, self, hidden, w.self_attention.norm, epsilon),
                       {}, inputs.self_bias, parallel, sites, self);
    if (kind == StackKind::decoder) {
      const SiteContext cross{kind, layer, Sublayer::cross_attention, sites.task_ids()};
      hidden =
          attention(config, w.cross_attention, norm_of_residual(sites, cross, hidden, w.cross_attention.norm, epsilon),
                    inputs.memory, inputs.cross_bias, parallel, sites, cross);
    }
    const SiteContext forward{kind, layer, Sublayer::feed_forward, sites.task_ids()};
    hidden =
        feed_forward(config, w.feed_forward, norm_of_residual(sites, forward, hidden, w.feed_forward.norm, epsilon),
                     parallel, sites, forward);
    if (sites.uses(Site::block_output)) sites.delta().block_output(forward, hidden.detach());
    ++layer;
  }
  return norm(sites, {kind, layer, Sublayer::feed_forward, sites.task_ids()}, hidden, weights.final_norm, epsilon);
}

}  // namespace prelude
