#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace prelude {

// Logits that live at a time, [rows,V].
inline constexpr std::int64_t logits_at_once = 1 << 25;

// Sum over the rows whose label is not `ignored` of -log softmax(hidden W^T)[label], with W the output matrix.
// hidden [N,D], weight [V,D] (same dtype), labels [N] int64 -> [] float32 (float64 for float64). Logits live for one
// block of rows at a time, log-sum-exp in the result's dtype; the gradients of `hidden` and, where it requires one, of
// `weight` are made in the same pass, so neither logits nor probabilities are kept for backward.
at::Tensor cross_entropy_sum(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& labels,
                             std::int64_t ignored);

}  // namespace prelude
