// Stands for core/ops/cuda in a build without CUDA: nothing runs there, so nothing else is called.
#include "core/error.h"
#include "core/ops/cuda/row_operators.h"

namespace prelude::cuda {
namespace {

[[noreturn]] void absent() { throw InternalError("a CUDA kernel in a build without CUDA"); }

}  // namespace

bool runs_here(std::initializer_list<std::reference_wrapper<const at::Tensor>> /*tensors*/) { return false; }

void rms_norm(const at::Tensor& /*x*/, const at::Tensor& /*scale*/, double /*epsilon*/, at::Tensor& /*y*/,
              at::Tensor& /*inverse*/) {
  absent();
}

void rms_norm_gradient(const at::Tensor& /*gradient*/, const at::Tensor& /*passed*/, const at::Tensor& /*x*/,
                       const at::Tensor& /*scale*/, const at::Tensor& /*inverse*/, at::Tensor& /*x_gradient*/) {
  absent();
}

void gated(Gate /*gate*/, const at::Tensor& /*halves*/, at::Tensor& /*y*/) { absent(); }

void gated_gradient(Gate /*gate*/, const at::Tensor& /*gradient*/, const at::Tensor& /*halves*/,
                    at::Tensor& /*halves_gradient*/) {
  absent();
}

void dropout(const DropoutMask& /*mask*/, const at::Tensor& /*keys*/, const at::Tensor& /*x*/, at::Tensor& /*y*/) {
  absent();
}

}  // namespace prelude::cuda
