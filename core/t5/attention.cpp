#include "core/t5/attention.h"

#include <ATen/ATen.h>

#include "core/ops/biased_attention.h"
#include "core/t5/linear.h"

namespace prelude {
namespace {

// [B,S,H*K] -> [B,H,S,K], a view.
at::Tensor split_heads(const at::Tensor& x, const T5Config& config) {
  return x.view({x.size(0), x.size(1), -1, config.d_kv}).transpose(1, 2);
}

// Rows that a delta put before the keys have no position: their bias columns are 0.
at::Tensor widen_bias(const at::Tensor& bias, std::int64_t keys) {
  if (!bias.defined() || bias.size(3) == keys) return bias;
  return at::constant_pad_nd(bias, {keys - bias.size(3), 0});
}

}  // namespace

at::Tensor attention(const T5Config& config, const AttentionWeights& weights, const at::Tensor& x,
                     const at::Tensor& memory, const at::Tensor& bias, const TensorParallel& parallel,
                     const DeltaSites& sites, const SiteContext& context) {
  const at::Tensor in = parallel.copy_to(x);                // [B,S,D]
  const at::Tensor& from = memory.defined() ? memory : in;  // [B,M,D]
  const at::Tensor q = split_heads(linear(sites, context, LinearName::q, in, weights.q), config);
  KeysValues rows{split_heads(linear(sites, context, LinearName::k, from, weights.k), config),
                  split_heads(linear(sites, context, LinearName::v, from, weights.v), config)};
  if (sites.uses(Site::keys_values)) rows = sites.delta().keys_values(context, std::move(rows));
  const at::Tensor heads = biased_attention(q, rows.keys, rows.values, widen_bias(bias, rows.keys.size(2)));
  const at::Tensor merged = heads.transpose(1, 2).reshape({x.size(0), x.size(1), -1});  // [B,S,H*K]
  return reduced_linear(parallel, sites, context, LinearName::o, merged, weights.o);
}

}  // namespace prelude
