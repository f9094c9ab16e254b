// Random tensors for tests, the same on every machine.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "core/random/random_stream.h"

namespace prelude::test {

// Standard normal numbers, float64, drawn by (seed); any shape.
inline at::Tensor random_tensor(const std::vector<std::int64_t>& shape, std::uint64_t seed) {
  RandomStream stream(seed, Purpose::test, 0);
  at::Tensor tensor = at::empty(shape, at::kDouble);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<double>()[i] = stream.normal();
  return tensor;
}

// Largest absolute difference over the larger of 1e-30 and the largest expected magnitude.
inline double relative_difference(const at::Tensor& got, const at::Tensor& expected) {
  if (got.sizes() != expected.sizes()) return 1e30;
  if (got.numel() == 0) return 0.0;
  const at::Tensor exact = expected.detach().cpu().to(at::kDouble);
  const at::Tensor difference = (got.detach().cpu().to(at::kDouble) - exact).abs().max();
  return difference.item<double>() / std::max(1e-30, exact.abs().max().item<double>());
}

}  // namespace prelude::test
