#include "core/t5/tensor_parallel.h"

#include <ATen/ATen.h>

#include <utility>

namespace prelude {
namespace {

class WholeModel final : public TensorParallel {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  at::Tensor copy_to(const at::Tensor& x) const override { return x; }
  at::Tensor reduce_from(at::Tensor y) const override { return y; }
};

}  // namespace

const TensorParallel& whole_model() {
  static const WholeModel whole;
  return whole;
}

}  // namespace prelude
