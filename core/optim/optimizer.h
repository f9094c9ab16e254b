#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "core/named_tensor.h"

namespace prelude {

// Turns gradients into updates of the flat leaf [N] that trains (core/delta/trainable.h). Shares the leaf's storage and
// writes it in step().
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  // One update with `gradient` [N], on the leaf's device; learning_rate >= 0. In place, outside autograd; the host does
  // not wait for the device.
  virtual void step(const at::Tensor& gradient, double learning_rate) = 0;
  virtual std::int64_t steps() const = 0;  // updates made

  // What a checkpoint keeps beside the leaf and steps(): names that differ, tensors that share storage with the
  // optimiser's, so that the next step() changes them.
  virtual std::vector<NamedTensor> state() const = 0;
  // Continues from what state() gave: copies tensors of the same names and shapes, in any order, of any floating dtype
  // and on any device; steps >= 0. Throws UserError, with nothing changed, where a name is missing or too many or a
  // shape is another: what was saved is of another optimiser, or of one with other options.
  virtual void set_state(const std::vector<NamedTensor>& state, std::int64_t steps) = 0;
};

// Where an implementation of set_state copies to: checks `given` against `own` as set_state promises, then copies.
void copy_state(const std::vector<NamedTensor>& own, const std::vector<NamedTensor>& given, std::int64_t steps);

}  // namespace prelude
