#include "core/ops/fp8_tensor.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace prelude {
namespace {

// The deleter of the storage tells it from any other.
void free_weight(void* context) { delete static_cast<Fp8Weight*>(context); }

}  // namespace

at::Tensor as_fp8(const at::Tensor& weight) {
  auto* const held = new Fp8Weight(to_fp8(weight));
  const at::Tensor& values = held->matrix.values;
  return at::for_blob(values.mutable_data_ptr(), values.sizes())
      .context(held, &free_weight)
      .options(values.options())
      .target_device(values.device())
      .make_tensor();
}

const Fp8Weight* fp8_of(const at::Tensor& weight) {
  if (weight.scalar_type() != at::kFloat8_e4m3fn) return nullptr;
  const auto* const held = weight.storage().data_ptr().cast_context<Fp8Weight>(&free_weight);
  ensure(held != nullptr && weight.sizes() == held->matrix.values.sizes(),
         "rows of a matrix in 8 bits are not multiplied by themselves");
  return held;
}

}  // namespace prelude
