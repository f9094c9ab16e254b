#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "core/ops/biased_attention.h"

namespace prelude {

// LibTorch's fused attention, softmax(q k^T + bias) v without a scale. packed: as in packed_heads.h, contiguous; bias
// [1 or B, 1 or H, 1 or S, M], aligned (biased_attention.h) -> [B,S,H*K]. On a GPU its memory-efficient kernels run,
// whose gradients have the same bits each time; another of LibTorch's where the program chose one or those do not fit.
// Plain operators where `on_weights` is given, or the bias requires a gradient and those kernels do not run, or (on the
// CPU) `fused` is false.
at::Tensor dense_attention(at::TensorList packed, std::int64_t heads, const std::optional<at::Tensor>& bias,
                           const OnWeights& on_weights = {}, bool fused = true);

}  // namespace prelude
