#include "launch/predict/padded_ids.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace prelude {

PaddedIds pad_ids(std::span<const std::vector<std::int32_t>> lists, std::int64_t pad_id, at::Device device) {
  std::size_t width = 1;
  for (const auto& list : lists) width = std::max(width, list.size());
  const auto rows = static_cast<std::int64_t>(lists.size());
  at::Tensor ids = at::full({rows, static_cast<std::int64_t>(width)}, pad_id, at::kLong);
  at::Tensor lengths = at::empty({rows}, at::kLong);
  auto* row = ids.mutable_data_ptr<std::int64_t>();
  auto* length = lengths.mutable_data_ptr<std::int64_t>();
  for (const auto& list : lists) {
    std::copy(list.begin(), list.end(), row);
    row += width;
    *length++ = static_cast<std::int64_t>(list.size());
  }
  return {ids.to(device), lengths.to(device)};
}

}  // namespace prelude
