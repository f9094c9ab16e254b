#include "core/delta/delta.h"

#include <ATen/core/Tensor.h>

#include <utility>

namespace prelude {

EncoderInput Delta::encoder_input(EncoderInput input, const at::Tensor& /*task_ids*/) const { return input; }

KeysValues Delta::keys_values(const SiteContext& /*context*/, KeysValues keys_values) const { return keys_values; }

at::Tensor Delta::linear_output(const SiteContext& /*context*/, LinearName /*linear*/, const at::Tensor& /*x*/,
                                at::Tensor y) const {
  return y;
}

at::Tensor Delta::sublayer_output(const SiteContext& /*context*/, at::Tensor y) const { return y; }

at::Tensor Delta::feed_forward_branch(const SiteContext& /*context*/, const at::Tensor& /*x*/) const { return {}; }

at::Tensor Delta::feed_forward_intermediate(const SiteContext& /*context*/, at::Tensor h) const { return h; }

at::Tensor Delta::layer_norm(const SiteContext& /*context*/, const at::Tensor& scale) const { return scale; }

void Delta::block_output(const SiteContext& /*context*/, const at::Tensor& /*hidden*/) const {}

at::Tensor Delta::encoder_output(at::Tensor hidden, const at::Tensor& /*lengths*/) const { return hidden; }

}  // namespace prelude
