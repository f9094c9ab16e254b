#include "launch/lm/weight_gradient.h"

#include <ATen/ATen.h>

#include <functional>
#include <utility>

#include "core/ops/accumulate_type.h"

namespace prelude {
namespace {

// Parts that every rank has whole count once, slices on every rank.
at::Tensor norm_over_slices(const TrainedWeights& weights, Communicator& tensor, const at::Tensor& sum) {
  at::Tensor squares = at::zeros({2}, sum.options());  // of whole parts, of slices
  for (const TrainedPart& part : weights.parts()) {
    const at::Tensor norm = at::linalg_vector_norm(sum.narrow(0, part.offset, part.size));
    squares[part.cut == Cut::none ? 0 : 1].add_(norm.square());
  }
  at::Tensor slices = squares.narrow(0, 1, 1);
  tensor.all_reduce_sum(slices);
  return squares.sum().sqrt();
}

}  // namespace

SummedGradient gradient_of_weights(const TrainedWeights& weights, Communicator& tensor) {
  const at::Tensor& flat = weights.flat();
  SummedGradient gradient;
  gradient.size = flat.numel();
  gradient.options = flat.options().dtype(accumulate_type(flat.scalar_type()));
  gradient.accumulate_into = [&weights](const at::Tensor& sum) { weights.accumulate_into(sum); };
  gradient.norm = [&weights, &tensor](const at::Tensor& sum) {
    return tensor.size() == 1 ? at::linalg_vector_norm(sum) : norm_over_slices(weights, tensor, sum);
  };
  gradient.sliced = true;
  gradient.parts = weights.leaves();
  gradient.on_part = [&weights](std::function<void(std::size_t)> told) { weights.on_gradient(std::move(told)); };
  return gradient;
}

}  // namespace prelude
