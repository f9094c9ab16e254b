#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace prelude {

// A gradient that a step adds up over micro-batches and ranks: of a delta's leaf, or of all weights of a backbone.
struct SummedGradient {
  std::int64_t size = 0;      // N
  at::TensorOptions options;  // of the sums: float32, or float64 in tests
  // From here on backward adds to `sum` [N].
  std::function<void(const at::Tensor& sum)> accumulate_into;
  // L2 norm [] of the whole gradient, of which `sum` [N] is here.
  std::function<at::Tensor(const at::Tensor& sum)> norm;
  // Tensor-parallel ranks hold different slices of it, so that it is added up over the data-parallel ranks alone; else
  // they hold copies.
  bool sliced = false;
};

// Of a flat leaf [N], float32 or float64, whose .grad is replaced.
SummedGradient gradient_of_leaf(const at::Tensor& leaf);

}  // namespace prelude
