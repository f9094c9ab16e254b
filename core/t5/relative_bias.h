// T5's relative-position bias (Raffel et al. 2020, section 2.1; buckets as in Mesh TensorFlow's transformer_layers.py).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/t5/config.h"

namespace prelude {

// The bucket of each distance key - query in first..first+count-1, int64 on the host, [count].
at::Tensor relative_buckets(std::int64_t first, std::int64_t count, bool bidirectional, std::int64_t buckets,
                            std::int64_t max_distance);

// Bias [1,H,length,length] of self-attention over plain positions 0..length-1 (prompt rows are the first of them), from
// the stack's table [R,H]; in the decoder (not bidirectional) later keys carry the lowest finite value.
at::Tensor self_attention_bias(const at::Tensor& table, std::int64_t length, bool bidirectional,
                               const T5Config& config);

// True where key position j is at or after the example's length: [B,1,1,length] bool. lengths [B] int64.
at::Tensor padding_mask(const at::Tensor& lengths, std::int64_t length);

// The value that hides a key: lowest finite, so that a row without any key stays finite.
double hidden_score(at::ScalarType type);

}  // namespace prelude
