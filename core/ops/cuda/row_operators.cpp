#include "core/ops/cuda/row_operators.h"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/ops/cuda/kernels.h"

namespace prelude::cuda {
namespace {

// bfloat16 begins there, and so does what the kernels are compiled for.
constexpr int least_major = 8;

bool has_number(at::ScalarType type) { return type == at::kFloat || type == at::kBFloat16 || type == at::kHalf; }

Number number_of(const at::Tensor& tensor) {
  if (tensor.scalar_type() == at::kFloat) return Number::float32;
  return tensor.scalar_type() == at::kHalf ? Number::float16 : Number::bfloat16;
}

bool new_enough(const at::Device& device) {
  int major = 0;
  C10_CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device.index()));
  return major >= least_major;
}

// [...,D] is that many rows.
std::int64_t rows_of(const at::Tensor& tensor) {
  if (tensor.numel() == 0) return 0;
  const std::int64_t rows = tensor.numel() / tensor.size(-1);
  ensure(rows <= std::numeric_limits<std::int32_t>::max(), "{} rows are more than a CUDA grid has", rows);
  return rows;
}

Stream stream_of(const at::Tensor& tensor) { return c10::cuda::getCurrentCUDAStream(tensor.device().index()).stream(); }

}  // namespace

bool runs_here(std::initializer_list<std::reference_wrapper<const at::Tensor>> tensors) {
  const at::Tensor& first = *tensors.begin();
  if (!first.defined() || !first.is_cuda() || !has_number(first.scalar_type())) return false;
  const bool alike = std::all_of(tensors.begin(), tensors.end(), [&first](const at::Tensor& tensor) {
    return tensor.defined() && tensor.device() == first.device() && tensor.scalar_type() == first.scalar_type();
  });
  return alike && new_enough(first.device());
}

void rms_norm(const at::Tensor& x, const at::Tensor& scale, double epsilon, at::Tensor& y, at::Tensor& inverse) {
  const c10::cuda::CUDAGuard guard(x.device());
  launch_rms_norm(number_of(x), x.const_data_ptr(), scale.const_data_ptr(), static_cast<float>(epsilon), rows_of(x),
                  x.size(-1), y.mutable_data_ptr(), inverse.mutable_data_ptr<float>(), stream_of(x));
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

void rms_norm_gradient(const at::Tensor& gradient, const at::Tensor& passed, const at::Tensor& x,
                       const at::Tensor& scale, const at::Tensor& inverse, at::Tensor& x_gradient) {
  const c10::cuda::CUDAGuard guard(x.device());
  launch_rms_norm_gradient(number_of(x), gradient.const_data_ptr(),
                           passed.defined() ? passed.const_data_ptr() : nullptr, x.const_data_ptr(),
                           scale.const_data_ptr(), inverse.const_data_ptr<float>(), rows_of(x), x.size(-1),
                           x_gradient.mutable_data_ptr(), stream_of(x));
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

void gated(Gate gate, const at::Tensor& halves, at::Tensor& y) {
  const c10::cuda::CUDAGuard guard(halves.device());
  launch_gated(number_of(halves), gate, halves.const_data_ptr(), rows_of(halves), halves.size(-1) / 2,
               y.mutable_data_ptr(), stream_of(halves));
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

void gated_gradient(Gate gate, const at::Tensor& gradient, const at::Tensor& halves, at::Tensor& halves_gradient) {
  const c10::cuda::CUDAGuard guard(halves.device());
  launch_gated_gradient(number_of(halves), gate, gradient.const_data_ptr(), halves.const_data_ptr(), rows_of(halves),
                        halves.size(-1) / 2, halves_gradient.mutable_data_ptr(), stream_of(halves));
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

void dropout(const DropoutMask& mask, const at::Tensor& keys, const at::Tensor& x, at::Tensor& y) {
  const c10::cuda::CUDAGuard guard(x.device());
  launch_dropout(number_of(x), mask, keys.const_data_ptr<std::int64_t>(), x.const_data_ptr(), rows_of(x), x.size(-1),
                 y.mutable_data_ptr(), stream_of(x));
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace prelude::cuda
