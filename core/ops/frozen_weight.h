// How an operator keeps a frozen weight for its backward: by the tensor, or, where its memory is lent to one layer
// after another, by the place to which the weight comes back.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace torch::autograd {
struct AutogradContext;
}

namespace prelude {

// Fills lent memory, forward and again for the backward. Outlives every graph with its weights.
class WeightKeeper {
 public:
  virtual ~WeightKeeper() = default;
  // A flat tensor that holds what `layer`'s lent memory held forward, until another layer is asked for.
  virtual at::Tensor recall(std::int64_t layer) = 0;
  // A weight of lent memory is used: a chance to move on what is under way.
  virtual void in_use() = 0;
};

// What lent memory holds at the moment.
struct Lease {
  WeightKeeper* keeper = nullptr;
  std::int64_t layer = -1;
};

// `memory` [n] as a tensor whose views are known as lent. `lease` outlives them all.
at::Tensor lend(const at::Tensor& memory, const Lease& lease);

// In an operator's forward: keeps `weight`, contiguous where it is lent, as the only tensor of `context`.
void save_weight(torch::autograd::AutogradContext& context, const at::Tensor& weight);
// In its backward: the weight with the same numbers.
at::Tensor saved_weight(torch::autograd::AutogradContext& context);

}  // namespace prelude
