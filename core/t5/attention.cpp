#include "core/t5/attention.h"

#include <ATen/ATen.h>

#include "core/ops/biased_attention.h"
#include "core/t5/linear.h"

namespace prelude {
namespace {

// [B,S,H*K] -> [B,H,S,K], a view; and back.
at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) { return x.unflatten(2, {heads, -1}).transpose(1, 2); }
at::Tensor merge_heads(const at::Tensor& x) { return x.transpose(1, 2).flatten(2); }

// Every matrix on its own, for the sites between them.
at::Tensor attend_at_sites(const AttentionWeights& weights, std::int64_t heads, const at::Tensor& x,
                           const at::Tensor& from, const AttentionBias& bias, const DeltaSites& sites,
                           const SiteContext& context, const OnWeights& on_weights) {
  const at::Tensor q = linear(sites, context, LinearName::q, x, weights.q);
  at::Tensor k = linear(sites, context, LinearName::k, from, weights.k);
  at::Tensor v = linear(sites, context, LinearName::v, from, weights.v);
  if (sites.uses(Site::keys_values)) {
    const KeysValues rows = sites.delta().keys_values(context, {split_heads(k, heads), split_heads(v, heads)});
    k = merge_heads(rows.keys);
    v = merge_heads(rows.values);
  }
  return biased_attention(q, k, v, heads, bias, on_weights);
}

}  // namespace

at::Tensor attention(const T5Config& config, const AttentionWeights& weights, const NormAndResidual& in,
                     const at::Tensor& memory, const AttentionBias& bias, const TensorParallel& parallel,
                     const DeltaSites& sites, const SiteContext& context, const DropoutSites& dropout) {
  const at::Tensor x = parallel.copy_to(in.normed);            // [B,S,D]
  const std::int64_t heads = weights.q.size(0) / config.d_kv;  // here
  OnWeights on_weights;
  if (dropout.on()) {
    on_weights = [&](const at::Tensor& weights_of_keys) {
      return dropout.drop(weights_of_keys, context, DropoutPoint::attention_weights, parallel.rank() * heads);
    };
  }
  at::Tensor mixed;  // [B,S,H*K]
  if (sites.uses(Site::linear_output) || sites.uses(Site::keys_values)) {
    mixed = attend_at_sites(weights, heads, x, memory.defined() ? memory : x, bias, sites, context, on_weights);
  } else if (memory.defined()) {
    mixed = biased_attention(linear_map(x, weights.q), linear_map(memory, weights.fused), heads, bias, on_weights);
  } else {
    mixed = biased_attention(linear_map(x, weights.fused), heads, bias, on_weights);
  }
  return add_to_residual(parallel, sites, context, LinearName::o, in.residual, mixed, weights.o, dropout);
}

}  // namespace prelude
