#pragma once

#include <ATen/core/Tensor.h>

namespace prelude {

// y = x W^T for a weight that never trains: keeps nothing for backward but the weight it already has, and never makes a
// weight gradient (2N instead of 4N products backward). x [...,in], weight [out,in], same dtype -> [...,out].
at::Tensor frozen_linear(const at::Tensor& x, const at::Tensor& weight);

// residual + x W^T, added up within the product. residual [...,out].
at::Tensor frozen_linear_plus(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& weight);

}  // namespace prelude
