// CUDA kernels over rows: numbers of one type in and out, float32 within, memory gone over once. They know no tensor: a
// caller gives device pointers and a stream, and asks CUDA afterwards whether the launch failed. No more than 2^31 - 1
// rows. Read 16 bytes at a time where pointers and width allow it, else number by number.
#pragma once

#include <cstdint>

#include "core/ops/dropout_mask.h"
#include "core/ops/gate.h"

struct CUstream_st;

namespace prelude::cuda {

using Stream = CUstream_st*;  // cudaStream_t

enum class Number : std::uint8_t { float32, float16, bfloat16 };

// y = scale * x * inverse, inverse = 1 / sqrt(mean(x^2) + epsilon); x and y [rows,width], inverse [rows] float32.
void launch_rms_norm(Number number, const void* x, const void* scale, float epsilon, std::int64_t rows,
                     std::int64_t width, void* y, float* inverse, Stream stream);
// x_gradient = passed + inverse (g scale) - x inverse^3 mean(g scale x); `passed` [rows,width] may be null.
void launch_rms_norm_gradient(Number number, const void* gradient, const void* passed, const void* x, const void* scale,
                              const float* inverse, std::int64_t rows, std::int64_t width, void* x_gradient,
                              Stream stream);

// y [rows,width] = gate(halves[:, :width]) * halves[:, width:], halves [rows,2*width].
void launch_gated(Number number, Gate gate, const void* halves, std::int64_t rows, std::int64_t width, void* y,
                  Stream stream);
void launch_gated_gradient(Number number, Gate gate, const void* gradient, const void* halves, std::int64_t rows,
                           std::int64_t width, void* halves_gradient, Stream stream);

// y = x * mask.scale where the mask keeps x, else 0; x and y [rows,width], rows = B*H*S, keys [B] on the device.
void launch_dropout(Number number, const DropoutMask& mask, const std::int64_t* keys, const void* x, std::int64_t rows,
                    std::int64_t width, void* y, Stream stream);

}  // namespace prelude::cuda
