#include "core/t5/attention.h"

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#include "core/ops/biased_attention.h"
#include "core/t5/linear.h"

namespace prelude {
namespace {

// [B,S,H*K] -> [B,H,S,K], a view; and back.
at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) { return x.unflatten(2, {heads, -1}).transpose(1, 2); }
at::Tensor merge_heads(const at::Tensor& x) { return x.transpose(1, 2).flatten(2); }

// The sites see q, k and v one by one: out of the products that all have, for a single matrix may be no more than rows
// of a fused one (in 8 bits, or where weights train). x [B,S,D]; memory [B,M,D], or undefined: x -> [B,S,H*K].
at::Tensor attend_at_sites(const AttentionWeights& weights, std::int64_t heads, const at::Tensor& x,
                           const at::Tensor& memory, const AttentionBias& bias, const DeltaSites& sites,
                           const SiteContext& context, const OnWeights& on_weights) {
  const at::Tensor& from = memory.defined() ? memory : x;
  std::vector<at::Tensor> parts = parts_of_product(linear_map(from, weights.fused), memory.defined() ? 2 : 3);
  at::Tensor v = linear_output(sites, context, LinearName::v, from, std::move(parts.back()));
  at::Tensor k = linear_output(sites, context, LinearName::k, from, std::move(parts[parts.size() - 2]));
  at::Tensor q = linear_output(sites, context, LinearName::q, x,
                               memory.defined() ? linear_map(x, weights.q) : std::move(parts.front()));
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
    mixed = attend_at_sites(weights, heads, x, memory, bias, sites, context, on_weights);
  } else if (memory.defined()) {
    mixed = biased_attention(linear_map(x, weights.q), linear_map(memory, weights.fused), heads, bias, on_weights);
  } else {
    mixed = biased_attention(linear_map(x, weights.fused), heads, bias, on_weights);
  }
  return add_to_residual(parallel, sites, context, LinearName::o, in.residual, mixed, weights.o, dropout);
}

}  // namespace prelude
