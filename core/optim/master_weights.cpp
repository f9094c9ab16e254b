#include "core/optim/master_weights.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace prelude {

MasterWeights::MasterWeights(const at::Tensor& parameter, const Factory& make)
    : parameter_(parameter.detach()),
      master_(parameter_.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true)),
      optimizer_(make(master_)) {
  ensure(parameter_.dim() == 1, "master weights of a tensor of {} dimensions; they take one flat leaf",
         parameter_.dim());
}

void MasterWeights::step(const at::Tensor& gradient, double learning_rate) {
  const at::NoGradGuard no_grad;
  optimizer_->step(gradient.to(at::kFloat), learning_rate);
  parameter_.copy_(master_);
}

std::vector<NamedTensor> MasterWeights::state() const {
  std::vector<NamedTensor> state = optimizer_->state();
  state.insert(state.begin(), {"master", master_});
  return state;
}

void MasterWeights::set_state(const std::vector<NamedTensor>& state, std::int64_t steps) {
  // This fills the inner optimiser's tensors as well, which state() shares; it has yet to hear of the steps.
  copy_state(this->state(), state, steps);
  optimizer_->set_state(optimizer_->state(), steps);
  const at::NoGradGuard no_grad;
  parameter_.copy_(master_);
}

void MasterWeights::set_master(const at::Tensor& values) {
  ensure(values.sizes() == master_.sizes(), "master weights: {} values for {}", values.numel(), master_.numel());
  const at::NoGradGuard no_grad;
  master_.copy_(values);
  parameter_.copy_(master_);
}

}  // namespace prelude
