// A frozen matrix in 8 bits, and products with it that round the other factor to 8 bits, too: twice the rate of 16 bits
// on a GPU that has such products. Rows are scaled one by one, as in "FP8 Formats for Deep Learning" (Micikevicius et
// al. 2022, section 3) with a scale a row instead of one a tensor.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace prelude {

// Numbers in e4m3 (4 bits of exponent, 3 of mantissa, no infinity): row i stands for scales[i] * values[i]. Scales are
// powers of two, so that multiplying by one is exact in every type; the largest magnitude of values[i] is 224 to 448,
// e4m3's own. A number that is rounded moves by at most 1/16 of itself, or by scales[i] / 1024 where that is more.
struct Fp8Rows {
  at::Tensor values;  // [rows,n], e4m3, contiguous
  at::Tensor scales;  // [rows,1], float32
};

// Rounds to nearest, ties to even. `matrix` [rows,n]: float16, bfloat16, float32 or float64 of float32's range, any
// device. A row that holds an infinity or NaN becomes NaN, so that it is seen.
Fp8Rows to_fp8_rows(const at::Tensor& matrix);

// 2 bytes a number, as many as bfloat16.
struct Fp8Weight {
  Fp8Rows matrix;         // [out,in]
  at::Tensor transposed;  // [in,out], e4m3: matrix.values again. GPUs multiply 8 bits along rows of both factors alone,
                          // and an input's gradient runs along the columns
};

// `weight` [out,in]. Throws UserError where a GPU's products do not take it: out and in must be multiples of 16.
Fp8Weight to_fp8(const at::Tensor& weight);
// What the two copies and the scales of a matrix in 8 bits take, of which `values` [rows,in] are some rows or all.
std::int64_t fp8_bytes(const at::Tensor& values);
// The numbers that `weight` stands for, [out,in], float32.
at::Tensor from_fp8(const Fp8Weight& weight);

// Without a graph, in x's dtype, which is bfloat16 on a GPU (NVIDIA's of compute capability 8.9 or newer); a CPU
// computes the same in float32, for tests.
// x [...,in] -> x W^T, [...,out]. Rows of x are rounded to 8 bits.
at::Tensor times_transposed(const at::Tensor& x, const Fp8Weight& weight);
// x [...,out] -> x W, [...,in]. It is the same W: its scales, which belong to the terms of these sums, go into x before
// the rows of that are rounded.
at::Tensor times(const at::Tensor& x, const Fp8Weight& weight);

// With a graph, for an x that trains: x W^T (+ residual), and x's gradient by times(). x [...,in], residual [...,out].
at::Tensor frozen_linear(const at::Tensor& x, const Fp8Weight& weight);
at::Tensor frozen_linear_plus(const at::Tensor& residual, const at::Tensor& x, const Fp8Weight& weight);

}  // namespace prelude
