#pragma once

#include "core/t5/tensor_parallel.h"
#include "dist/communicator.h"

namespace prelude {

// The ranks that hold one T5 together: copy_to and reduce_from by one all-reduce each.
class TensorGroup final : public TensorParallel {
 public:
  // `group` is not owned and outlives every backward through this.
  explicit TensorGroup(Communicator& group) : group_(group) {}

  int rank() const override { return group_.rank(); }
  int size() const override { return group_.size(); }
  at::Tensor copy_to(const at::Tensor& x) const override;
  at::Tensor reduce_from(at::Tensor y) const override;

 private:
  Communicator& group_;
};

}  // namespace prelude
