#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "core/optim/optimizer.h"

namespace prelude {

// Trains numbers of few bits through a float32 copy (Micikevicius et al., "Mixed precision training", ICLR 2018): an
// update smaller than half a unit in the last place of bfloat16 would be lost, here it adds up.
class MasterWeights final : public Optimizer {
 public:
  // The optimiser of the copy, from `master` [N] float32.
  using Factory = std::function<std::unique_ptr<Optimizer>(const at::Tensor& master)>;

  // `parameter` [N] bfloat16 or float16 (anything that float32 holds): its storage is shared, and written with the
  // copy's numbers, rounded to nearest, in each step(). The copy begins with the parameter's numbers: give set_master
  // the unrounded ones where there are such.
  MasterWeights(const at::Tensor& parameter, const Factory& make);

  // `gradient` [N] of any floating dtype.
  void step(const at::Tensor& gradient, double learning_rate) override;
  std::int64_t steps() const override { return optimizer_->steps(); }

  // master [N] float32, then the copy's optimiser's.
  std::vector<NamedTensor> state() const override;
  void set_state(const std::vector<NamedTensor>& state, std::int64_t steps) override;

  const at::Tensor& master() const { return master_; }  // [N] float32
  void set_master(const at::Tensor& values);            // [N], any dtype and device; rounds them into the parameter

 private:
  at::Tensor parameter_;  // [N]
  at::Tensor master_;     // [N] float32
  std::unique_ptr<Optimizer> optimizer_;
};

}  // namespace prelude
