#include "core/optim/clip.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace prelude {

at::Tensor clip_by_norm(at::Tensor& gradient, double maximum) {
  at::Tensor norm = at::linalg_vector_norm(gradient);
  clip_to(gradient, norm, maximum);
  return norm;
}

void clip_to(at::Tensor& gradient, const at::Tensor& norm, double maximum) {
  ensure(maximum > 0, "clipping to a norm of {}", maximum);
  const at::NoGradGuard no_grad;
  gradient.mul_(norm.add(1e-6).reciprocal_().mul_(maximum).clamp_max_(1.0));
}

}  // namespace prelude
