#pragma once

#include <ATen/core/Tensor.h>

namespace prelude {

// Products with a weight matrix, without a graph. In float32 on a CPU they go to oneDNN, whose kernels fit the
// processor (MKL's do not on AMD's: it leaves AVX-512 unused there); everything else is ATen's own.
// `plus` [...,out] is added where it is given; it must be of x's dtype.

// x [...,in], weight [out,in] -> x W^T (+ plus), [...,out].
at::Tensor times_transposed(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& plus = {});
// x [...,out], weight [out,in] -> x W (+ plus), [...,in].
at::Tensor times(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& plus = {});
// The sum over the rows of gradient [...,out] and x [...,in] of their outer products: G^T X, a weight's gradient,
// [out,in]. Strides as they come.
at::Tensor outer_sum(const at::Tensor& gradient, const at::Tensor& x);

}  // namespace prelude
