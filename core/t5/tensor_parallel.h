// The seam where a T5 cut over several ranks meets (Shoeybi et al., Megatron-LM, arXiv 1909.08053, section 3). Each
// rank holds some heads and a part of the feed-forward; what enters a sublayer is whole on every rank, what leaves it
// is added up. The T5 code calls these two at each block's entry and exit and knows nothing of ranks.
#pragma once

#include <ATen/core/Tensor.h>

namespace prelude {

class TensorParallel {
 public:
  virtual ~TensorParallel() = default;
  TensorParallel() = default;
  TensorParallel(const TensorParallel&) = delete;
  TensorParallel& operator=(const TensorParallel&) = delete;

  virtual int rank() const = 0;  // which slice of the sharded weights is here
  virtual int size() const = 0;  // how many slices there are

  // Before weights that are cut by their output: the identity, whose gradient is the sum over ranks. x [B,S,D].
  virtual at::Tensor copy_to(const at::Tensor& x) const = 0;
  // After weights that are cut by their input: the sum over ranks, whose gradient is the identity. May reuse `y`'s
  // storage. y [B,S,D].
  virtual at::Tensor reduce_from(at::Tensor y) const = 0;
};

// One rank holds everything: both are the identity and cost nothing.
const TensorParallel& whole_model();

}  // namespace prelude
