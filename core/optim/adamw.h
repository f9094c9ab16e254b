// AdamW: Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), the update that torch.optim.AdamW makes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace prelude {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;  // decoupled: the parameter shrinks by learning rate x weight_decay a step
};

class AdamW {
 public:
  // `parameter` [N] float32 (float64 in tests): the flat leaf of a Trainable; its storage is shared and written by
  // step(). The moments start at zero on its device.
  explicit AdamW(at::Tensor parameter, const AdamWOptions& options = {});

  // One update with `gradient` [N], the parameter's dtype and device; learning_rate >= 0. In place, outside autograd;
  // the host does not wait for the device.
  void step(const at::Tensor& gradient, double learning_rate);

  const AdamWOptions& options() const { return options_; }
  const at::Tensor& exp_avg() const { return exp_avg_; }        // [N] first moment
  const at::Tensor& exp_avg_sq() const { return exp_avg_sq_; }  // [N] second moment
  std::int64_t steps() const { return steps_; }                 // updates made; sets the bias correction

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
