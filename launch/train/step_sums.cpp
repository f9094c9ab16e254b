#include "launch/train/step_sums.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace prelude {

StepSums::StepSums(const at::Tensor& leaf) : size_(leaf.numel()) {
  ensure(leaf.dim() == 1 && leaf.is_leaf() && leaf.requires_grad(), "StepSums needs a flat leaf that trains");
  buffer_ = at::zeros({size_ + 2}, leaf.options().requires_grad(false));
  leaf.mutable_grad() = gradient();
}

void StepSums::zero() { buffer_.zero_(); }

void StepSums::add(const at::Tensor& loss_sum, std::int64_t label_tokens) {
  loss().add_(loss_sum.detach());
  buffer_.select(0, size_ + 1).add_(label_tokens);
}

void StepSums::divide_by_tokens() { buffer_.narrow(0, 0, size_ + 1).div_(buffer_.select(0, size_ + 1)); }

}  // namespace prelude
