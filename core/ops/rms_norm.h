#pragma once

#include <ATen/core/Tensor.h>

namespace prelude {

// y = scale * x / sqrt(mean(x^2) + epsilon) over the last dimension (Zhang and Sennrich, NeurIPS 2019, without mean or
// bias, as in T5). Statistics in float32 (float64 for float64 input). x [...,D], scale [D] -> [...,D] in scale's dtype.
// Saves x and 1/rms. The scale gets a gradient only if it requires one (a delta may train a copy of it).
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& scale, double epsilon);

// The norm before a sublayer, whose input goes on as the residual stream.
struct NormAndResidual {
  at::Tensor normed;    // [...,D]
  at::Tensor residual;  // x itself; its gradient is added within the norm's backward, without another pass
};
NormAndResidual rms_norm_of_residual(const at::Tensor& x, const at::Tensor& scale, double epsilon);

}  // namespace prelude
