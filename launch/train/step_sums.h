#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace prelude {

// What one step adds up over its micro-batches (and, with several ranks, over the world) in one flat buffer:
// [delta gradient (N) | loss sum | label tokens]. The trainable leaf's .grad is a view of it, so backward accumulates
// in place and nothing is copied before the world's sum.
class StepSums {
 public:
  // `leaf` [N], float32 or float64; its .grad is replaced.
  explicit StepSums(const at::Tensor& leaf);

  void zero();
  // loss_sum []: of a micro-batch with `label_tokens` labels.
  void add(const at::Tensor& loss_sum, std::int64_t label_tokens);
  // Sums become means a label token.
  void divide_by_tokens();

  at::Tensor gradient() const { return buffer_.narrow(0, 0, size_); }  // [N]
  at::Tensor loss() const { return buffer_.select(0, size_); }         // []

 private:
  std::int64_t size_;
  at::Tensor buffer_;  // [N+2]
};

}  // namespace prelude
