#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace prelude {

// What is added to the scores of query i and key j, in a form that needs no [S,M] matrix. The last `positions` keys
// have the positions 0 .. positions - 1; rows that a delta put before them have none, get no bias and are always seen.
struct AttentionBias {
  std::int64_t positions = 0;
  at::Tensor by_distance;    // [H,2*positions-1]: column positions - 1 + (position of j) - i; or undefined: no bias
  bool causal = false;       // keys of later positions than i are hidden
  at::Tensor key_lengths;    // [B] int64: keys at positions from there on are hidden; or undefined
  at::Tensor query_lengths;  // [B] int64: queries from there on are padding, their output is arbitrary; or undefined
  at::Tensor dense;          // all of it but query_lengths as [1 or B, 1 or H, S, positions]; where bias_is_dense()

  // The tensor that attention adds, and through which a trained bias gets its gradient; or undefined.
  at::Tensor& in_use() { return dense.defined() ? dense : by_distance; }
  const at::Tensor& in_use() const { return dense.defined() ? dense : by_distance; }
};

// Attention over tensors of this dtype and place takes AttentionBias::dense (LibTorch's fused kernels do).
bool bias_is_dense(const at::Tensor& like);

// dense [...,M] with `before` columns of zeros in front, its rows beginning at multiples of 8 numbers: fused kernels
// for CUDA load no other, and LibTorch would copy the bias in every layer, for every example. What is aligned is
// returned.
at::Tensor aligned_bias(const at::Tensor& dense, std::int64_t before = 0);

// What is done to the weights of the keys, [B,H,S,M] after the softmax: dropout; empty: nothing.
using OnWeights = std::function<at::Tensor(const at::Tensor&)>;

// softmax(q k^T + bias) v without a scale (T5 keeps 1/sqrt(K) in its initialisation) -> [B,S,H*K]. Softmax in float32
// or wider. The bias gets a gradient where the form in use (by_distance, dense) requires one. Saves its inputs, its
// output and the log-sum-exp of the scores. With `on_weights` no kernel fuses it: the bias is dense wherever it is, and
// the weights are kept. Three forms, the packed ones of one product each:
at::Tensor biased_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t heads,
                            const AttentionBias& bias,
                            const OnWeights& on_weights = {});  // q [B,S,H*K], k and v [B,M,H*K]
at::Tensor biased_attention(const at::Tensor& q, const at::Tensor& keys_values, std::int64_t heads,
                            const AttentionBias& bias,
                            const OnWeights& on_weights = {});  // q [B,S,H*K], keys_values [B,M,2*H*K]
at::Tensor biased_attention(const at::Tensor& queries_keys_values, std::int64_t heads, const AttentionBias& bias,
                            const OnWeights& on_weights = {});  // [B,S,3*H*K]

}  // namespace prelude
