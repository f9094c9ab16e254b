#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace prelude {

// Lists of ids as one tensor, padded on the right to the longest (at least one column).
struct PaddedIds {
  at::Tensor ids;      // [B,S] int64
  at::Tensor lengths;  // [B] int64
};
PaddedIds pad_ids(std::span<const std::vector<std::int32_t>> lists, std::int64_t pad_id, at::Device device);

}  // namespace prelude
