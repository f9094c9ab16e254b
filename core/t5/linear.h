#pragma once

#include <ATen/core/Tensor.h>

#include "core/delta/delta_sites.h"
#include "core/ops/frozen_linear.h"
#include "core/ops/rms_norm.h"
#include "core/t5/tensor_parallel.h"

namespace prelude {

// A frozen linear with its site: x [B,S,in], weight [out,in] -> [B,S,out].
inline at::Tensor linear(const DeltaSites& sites, const SiteContext& context, LinearName name, const at::Tensor& x,
                         const at::Tensor& weight) {
  at::Tensor y = frozen_linear(x, weight);
  return sites.uses(Site::linear_output) ? sites.delta().linear_output(context, name, x, std::move(y)) : y;
}

// The same where weight [out,in] is cut by its inputs: the parts are added up over the ranks before the site.
inline at::Tensor reduced_linear(const TensorParallel& parallel, const DeltaSites& sites, const SiteContext& context,
                                 LinearName name, const at::Tensor& x, const at::Tensor& weight) {
  at::Tensor y = parallel.reduce_from(frozen_linear(x, weight));
  return sites.uses(Site::linear_output) ? sites.delta().linear_output(context, name, x, std::move(y)) : y;
}

// The norm before a sublayer (or a stack's last) with its site: x [B,S,D], scale [D] -> [B,S,D].
inline at::Tensor norm(const DeltaSites& sites, const SiteContext& context, const at::Tensor& x,
                       const at::Tensor& scale, double epsilon) {
  return rms_norm(x, sites.uses(Site::layer_norm) ? sites.delta().layer_norm(context, scale) : scale, epsilon);
}

}  // namespace prelude
