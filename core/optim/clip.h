#pragma once

#include <ATen/core/Tensor.h>

namespace prelude {

// Scales `gradient` [N] in place so that its L2 norm is at most `maximum` (> 0), as torch.nn.utils.clip_grad_norm_
// does: the factor is min(1, maximum / (norm + 1e-6)). Returns the norm before clipping, [] on the gradient's device;
// the host does not wait for it. A gradient that is not finite has a norm that is not finite: look at it before the
// update.
at::Tensor clip_by_norm(at::Tensor& gradient, double maximum);

// The same for a gradient whose norm [] is known.
void clip_to(at::Tensor& gradient, const at::Tensor& norm, double maximum);

}  // namespace prelude
