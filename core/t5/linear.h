#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

#include "core/delta/delta_sites.h"
#include "core/ops/linear_map.h"
#include "core/ops/rms_norm.h"
#include "core/t5/dropout_sites.h"
#include "core/t5/tensor_parallel.h"

namespace prelude {

// y [B,S,out], a linear's output for x [B,S,in], as its site gives it.
inline at::Tensor linear_output(const DeltaSites& sites, const SiteContext& context, LinearName name,
                                const at::Tensor& x, at::Tensor y) {
  return sites.uses(Site::linear_output) ? sites.delta().linear_output(context, name, x, std::move(y)) : y;
}

// The end of a sublayer: residual + dropout(W x + branch), each [B,S,D] but x [B,S,in]; weight [D,in] is cut by its
// inputs, and the parts are added up over the ranks before the sites. `branch` may be undefined.
inline at::Tensor add_to_residual(const TensorParallel& parallel, const DeltaSites& sites, const SiteContext& context,
                                  LinearName name, const at::Tensor& residual, const at::Tensor& x,
                                  const at::Tensor& weight, const DropoutSites& dropout,
                                  const at::Tensor& branch = {}) {
  const bool sites_see_it = sites.uses(Site::linear_output) || sites.uses(Site::sublayer_output);
  if (parallel.size() == 1 && !sites_see_it && !branch.defined() && !dropout.on())
    return linear_map_plus(residual, x, weight);
  at::Tensor y = parallel.reduce_from(linear_map(x, weight));
  if (sites.uses(Site::linear_output)) y = sites.delta().linear_output(context, name, x, std::move(y));
  if (branch.defined()) y = y + branch;
  if (sites.uses(Site::sublayer_output)) y = sites.delta().sublayer_output(context, std::move(y));
  return residual + dropout.drop(y, context, DropoutPoint::output);
}

// scale [D] as its site gives it.
inline at::Tensor norm_scale(const DeltaSites& sites, const SiteContext& context, const at::Tensor& scale) {
  return sites.uses(Site::layer_norm) ? sites.delta().layer_norm(context, scale) : scale;
}

// A stack's last norm with its site: x [B,S,D], scale [D] -> [B,S,D].
inline at::Tensor norm(const DeltaSites& sites, const SiteContext& context, const at::Tensor& x,
                       const at::Tensor& scale, double epsilon) {
  return rms_norm(x, norm_scale(sites, context, scale), epsilon);
}

// The norm before a sublayer with its site, and the residual stream x that goes round it.
inline NormAndResidual norm_of_residual(const DeltaSites& sites, const SiteContext& context, const at::Tensor& x,
                                        const at::Tensor& scale, double epsilon) {
  return rms_norm_of_residual(x, norm_scale(sites, context, scale), epsilon);
}

}  // namespace prelude
