#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace prelude {

// Views of what one, two or three tensors hold.
struct PackedHeads {
  at::Tensor q;  // [B,S,H,K]
  at::Tensor k;  // [B,M,H,K]
  at::Tensor v;  // [B,M,H,K]
};

// q k v side by side in one tensor [B,S,3*H*K]; or q in the first and k v in the second; or each its own.
inline PackedHeads unpack(at::TensorList packed, std::int64_t heads) {
  const std::int64_t held = 4 - static_cast<std::int64_t>(packed.size());  // by the last tensor, of q, k and v
  const at::Tensor& last = packed.back();
  const std::int64_t width = last.size(2) / held;
  std::vector<at::Tensor> parts(packed.begin(), packed.end() - 1);
  for (std::int64_t i = 0; i < held; ++i) parts.push_back(last.narrow(2, i * width, width));
  for (at::Tensor& part : parts) part = part.unflatten(2, {heads, width / heads});
  return {parts[0], parts[1], parts[2]};
}

}  // namespace prelude
