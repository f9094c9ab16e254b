#include "core/delta/blind_end.h"

#include <ATen/ATen.h>

#include <utility>

namespace prelude {

EncoderInput BlindEnd::encoder_input(EncoderInput input, const at::Tensor& task_ids) const {
  return prompt_.encoder_input(std::move(input), task_ids);
}

at::Tensor BlindEnd::linear_output(const SiteContext& context, LinearName linear, const at::Tensor& /*x*/,
                                   at::Tensor y) const {
  if (context.stack != StackKind::decoder || linear != LinearName::q) return y;
  return at::constant_pad_nd(y.narrow(1, 0, y.size(1) - 1), {0, 0, 0, 1});  // [B,T-1,H*K] -> [B,T,H*K]
}

}  // namespace prelude
