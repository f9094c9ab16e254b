// AdamW: Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), the update that torch.optim.AdamW makes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "core/optim/optimizer.h"

namespace prelude {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;  // decoupled: the parameter shrinks by learning rate x weight_decay a step
};

class AdamW final : public Optimizer {
 public:
  // `parameter` [N] float32 (float64 in tests): the flat leaf of a Trainable; its storage is shared and written by
  // step(). The moments start at zero on its device.
  explicit AdamW(at::Tensor parameter, const AdamWOptions& options = {});

  // `gradient` [N] of the parameter's dtype.
  void step(const at::Tensor& gradient, double learning_rate) override;

  const AdamWOptions& options() const { return options_; }
  const at::Tensor& exp_avg() const { return exp_avg_; }        // [N] first moment
  const at::Tensor& exp_avg_sq() const { return exp_avg_sq_; }  // [N] second moment
  std::int64_t steps() const override { return steps_; }        // sets the bias correction

  std::vector<NamedTensor> state() const override;  // exp_avg [N], exp_avg_sq [N]
  void set_state(const std::vector<NamedTensor>& state, std::int64_t steps) override;

  // Continues from a checkpoint: copies the moments, each [N] of any dtype and device; steps >= 0.
  void set_state(const at::Tensor& exp_avg, const at::Tensor& exp_avg_sq, std::int64_t steps);

 private:
  at::Tensor parameter_;   // [N]
  at::Tensor exp_avg_;     // [N]
  at::Tensor exp_avg_sq_;  // [N]
  AdamWOptions options_;
  std::int64_t steps_ = 0;
};

}  // namespace prelude
