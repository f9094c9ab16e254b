// T5's relative-position bias (Raffel et al. 2020, section 2.1; buckets as in Mesh TensorFlow's transformer_layers.py).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/ops/biased_attention.h"
#include "core/t5/config.h"

namespace prelude {

// The bucket of each distance key - query in first..first+count-1, int64 on the host, [count].
at::Tensor relative_buckets(std::int64_t first, std::int64_t count, bool bidirectional, std::int64_t buckets,
                            std::int64_t max_distance);

// The buckets of key - query = 1-length .. length-1, [2*length-1] int64 on the host.
at::Tensor distance_buckets(std::int64_t length, bool bidirectional, const T5Config& config);

// Bias by distance, [H,2*length-1], from the stack's table [R,H] and its distance_buckets on the table's device: made
// on the device alone.
at::Tensor bucket_bias(const at::Tensor& table, const at::Tensor& buckets);

// The same for any length out of `reach`, which is that of length max_distance + 1: whatever is farther away shares its
// outermost buckets. Made on the device alone, so that a CUDA graph can hold it.
at::Tensor distance_bias(const at::Tensor& reach, std::int64_t length);

// The same as a matrix [1,H,length,length]; where `causal`, later keys carry the lowest finite value.
at::Tensor dense_bias(const at::Tensor& by_distance, bool causal);

// Self-attention over plain positions 0..length-1 (prompt rows are the first of them). lengths [B] int64, or undefined:
// nothing is padded. In the decoder (not bidirectional) later keys are hidden, and so is padding. `reach`: as above.
// `dense`: make the matrix even where kernels want none.
AttentionBias self_attention_bias(const at::Tensor& reach, std::int64_t length, const at::Tensor& lengths,
                                  bool bidirectional, bool dense = false);

// Attention of the decoder over the encoder's output of `length` rows, lengths [B] or undefined; dtype of `like`.
AttentionBias cross_attention_bias(std::int64_t length, const at::Tensor& lengths, const at::Tensor& like,
                                   bool dense = false);

// True where key position j is at or after the example's length: [B,1,1,length] bool. lengths [B] int64.
at::Tensor padding_mask(const at::Tensor& lengths, std::int64_t length);

// The value that hides a key: lowest finite, so that a row without any key stays finite.
double hidden_score(at::ScalarType type);

}  // namespace prelude
