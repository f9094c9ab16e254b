#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace prelude {

// y = x W^T. For a weight that does not require a gradient nothing is kept for backward but the weight, which is there
// already, and no weight gradient is made (2N instead of 4N products backward); else x is kept too.
// x [...,in], weight [out,in], of one dtype, or the weight in 8 bits (core/ops/fp8_tensor.h) -> [...,out].
at::Tensor linear_map(const at::Tensor& x, const at::Tensor& weight);

// y [...,n*F] -> its n parts [...,F], views: a product with matrices that lie below each other, taken apart. Backward
// is one concatenation, where slices would fill and add n tensors.
std::vector<at::Tensor> parts_of_product(const at::Tensor& y, std::int64_t n);

// residual + x W^T, added up within the product. residual [...,out].
at::Tensor linear_map_plus(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& weight);

}  // namespace prelude
