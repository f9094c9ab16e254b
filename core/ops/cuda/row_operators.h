// The row kernels over tensors, on the tensors' device and its current stream; the host does not wait. In a build
// without CUDA core/ops/cuda_absent.cpp stands for them.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <initializer_list>

#include "core/ops/dropout_mask.h"
#include "core/ops/gate.h"

namespace prelude::cuda {

// All are defined, on one CUDA device of compute capability 8.0 or newer, and of one type: float32, bfloat16, float16.
bool runs_here(std::initializer_list<std::reference_wrapper<const at::Tensor>> tensors);

// Everything below is contiguous and, but for `inverse` (float32), of one type that runs_here.

// x and y [...,D], scale [D], inverse [...,1].
void rms_norm(const at::Tensor& x, const at::Tensor& scale, double epsilon, at::Tensor& y, at::Tensor& inverse);
// gradient, passed (or undefined), x and x_gradient [...,D].
void rms_norm_gradient(const at::Tensor& gradient, const at::Tensor& passed, const at::Tensor& x,
                       const at::Tensor& scale, const at::Tensor& inverse, at::Tensor& x_gradient);

// halves [...,2*F], y [...,F].
void gated(Gate gate, const at::Tensor& halves, at::Tensor& y);
// gradient [...,F], halves and halves_gradient [...,2*F].
void gated_gradient(Gate gate, const at::Tensor& gradient, const at::Tensor& halves, at::Tensor& halves_gradient);

// x and y [B,S,C] or [B,H,S,C], keys [B] int64.
void dropout(const DropoutMask& mask, const at::Tensor& keys, const at::Tensor& x, at::Tensor& y);

}  // namespace prelude::cuda
