#include "launch/train/summed_gradient.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace prelude {

SummedGradient gradient_of_leaf(const at::Tensor& leaf) {
  ensure(leaf.dim() == 1 && leaf.is_leaf() && leaf.requires_grad(), "a gradient is summed of a flat leaf that trains");
  SummedGradient gradient;
  gradient.size = leaf.numel();
  gradient.options = leaf.options().requires_grad(false);
  gradient.accumulate_into = [leaf](const at::Tensor& sum) { leaf.mutable_grad() = sum; };
  gradient.norm = [](const at::Tensor& sum) { return at::linalg_vector_norm(sum); };
  return gradient;
}

}  // namespace prelude
