#include "core/optim/adamw.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "core/error.h"

namespace prelude {

AdamW::AdamW(at::Tensor parameter, const AdamWOptions& options) : parameter_(std::move(parameter)), options_(options) {
  ensure(parameter_.dim() == 1, "AdamW over a tensor of {} dimensions; it takes one flat leaf", parameter_.dim());
  const at::NoGradGuard no_grad;
  exp_avg_ = at::zeros_like(parameter_);
  exp_avg_sq_ = at::zeros_like(parameter_);
}

void AdamW::step(const at::Tensor& gradient, double learning_rate) {
  ensure(gradient.sizes() == parameter_.sizes(), "AdamW: gradient of {} elements, parameter of {}", gradient.numel(),
         parameter_.numel());
  const at::NoGradGuard no_grad;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double correction1 = 1.0 - std::pow(options_.beta1, t);
  const double correction2 = 1.0 - std::pow(options_.beta2, t);

  parameter_.mul_(1.0 - learning_rate * options_.weight_decay);
  exp_avg_.lerp_(gradient, 1.0 - options_.beta1);
  exp_avg_sq_.mul_(options_.beta2).addcmul_(gradient, gradient, 1.0 - options_.beta2);
  const at::Tensor denominator = exp_avg_sq_.sqrt().div_(std::sqrt(correction2)).add_(options_.epsilon);
  parameter_.addcdiv_(exp_avg_, denominator, -learning_rate / correction1);
}

std::vector<NamedTensor> AdamW::state() const { return {{"exp_avg", exp_avg_}, {"exp_avg_sq", exp_avg_sq_}}; }

void AdamW::set_state(const std::vector<NamedTensor>& state, std::int64_t steps) {
  copy_state(this->state(), state, steps);
  steps_ = steps;
}

void AdamW::set_state(const at::Tensor& exp_avg, const at::Tensor& exp_avg_sq, std::int64_t steps) {
  ensure(exp_avg.sizes() == parameter_.sizes() && exp_avg_sq.sizes() == parameter_.sizes(),
         "AdamW: moments of {} and {} elements, parameter of {}", exp_avg.numel(), exp_avg_sq.numel(),
         parameter_.numel());
  ensure(steps >= 0, "AdamW: {} steps", steps);
  const at::NoGradGuard no_grad;
  exp_avg_.copy_(exp_avg);
  exp_avg_sq_.copy_(exp_avg_sq);
  steps_ = steps;
}

}  // namespace prelude
