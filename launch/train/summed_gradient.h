#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/flat_part.h"

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
  // What becomes final in it at once, about in the order in which a backward makes it; empty: it comes as a whole.
  std::vector<FlatPart> parts;
  // From here on `told` hears of every part, by its index, once a backward, when the gradient has been added.
  std::function<void(std::function<void(std::size_t part)> told)> on_part;
};

// Of a flat leaf [N], float32 or float64, whose .grad is replaced.
SummedGradient gradient_of_leaf(const at::Tensor& leaf);

}  // namespace prelude
