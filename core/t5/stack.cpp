#include "core/t5/stack.h"

#include <ATen/ATen.h>

#include "core/t5/attention.h"
#include "core/t5/feed_forward.h"
#include "core/t5/linear.h"
#include "core/t5/recompute.h"

namespace prelude {
namespace {

// One layer: hidden [B,S,D], memory [B,M,D] or undefined -> [B,S,D].
at::Tensor run_layer(StackKind kind, std::int64_t layer, const T5Config& config, const LayerWeights& w,
                     at::Tensor hidden, const at::Tensor& memory, const StackInputs& inputs,
                     const TensorParallel& parallel, const DeltaSites& sites) {
  const double epsilon = config.layer_norm_epsilon;
  const SiteContext self{kind, layer, Sublayer::self_attention, sites.task_ids()};
  hidden = attention(config, w.self_attention, norm_of_residual(sites, self, hidden, w.self_attention.norm, epsilon),
                     {}, inputs.self_bias, parallel, sites, self, inputs.dropout);
  if (kind == StackKind::decoder) {
    const SiteContext cross{kind, layer, Sublayer::cross_attention, sites.task_ids()};
    hidden =
        attention(config, w.cross_attention, norm_of_residual(sites, cross, hidden, w.cross_attention.norm, epsilon),
                  memory, inputs.cross_bias, parallel, sites, cross, inputs.dropout);
  }
  const SiteContext forward{kind, layer, Sublayer::feed_forward, sites.task_ids()};
  return feed_forward(config, w.feed_forward, norm_of_residual(sites, forward, hidden, w.feed_forward.norm, epsilon),
                      parallel, sites, forward, inputs.dropout);
}

}  // namespace

at::Tensor run_stack(StackKind kind, const T5Config& config, const StackWeights& weights, at::Tensor hidden,
                     const StackInputs& inputs, const TensorParallel& parallel, const DeltaSites& sites,
                     bool recompute) {
  const auto layers = static_cast<std::int64_t>(weights.layers.size());
  hidden = inputs.dropout.drop_stack(hidden, kind, /*end=*/false);
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    // What the caller may let go before the backward is copied: small handles.
    const Block block = [&parallel, &config, &weights, kind, layer, inputs, sites](const BlockInputs& in) {
      const LayerWeights& w = weights.layer(static_cast<std::size_t>(layer));
      StackInputs shared = inputs;
      shared.self_bias.in_use() = in.bias;
      return run_layer(kind, layer, config, w, in.hidden, in.memory, shared, parallel, sites);
    };
    const BlockInputs in{hidden, inputs.memory, inputs.self_bias.in_use()};
    hidden = recompute ? recomputed(block, in) : block(in);
    if (sites.uses(Site::block_output)) {
      sites.delta().block_output({kind, layer, Sublayer::feed_forward, sites.task_ids()}, hidden.detach());
    }
  }
  const at::Tensor normed = norm(sites, {kind, layers, Sublayer::feed_forward, sites.task_ids()}, hidden,
                                 weights.final_norm, config.layer_norm_epsilon);
  return inputs.dropout.drop_stack(normed, kind, /*end=*/true);
}

}  // namespace prelude
