#include "core/optim/adafactor.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace prelude {
namespace {

bool is_factored(const std::vector<std::int64_t>& shape, std::int64_t least) {
  return shape.size() >= 2 && std::min(shape[shape.size() - 2], shape.back()) >= least;
}

// Root mean square, [] on x's device; x [...].
at::Tensor rms(const at::Tensor& x) {
  return at::linalg_vector_norm(x).div_(std::sqrt(static_cast<double>(x.numel())));
}

}  // namespace

Adafactor::Adafactor(const at::Tensor& parameter, const std::vector<NamedShape>& parts, const AdafactorOptions& options)
    : size_(parameter.numel()), options_(options) {
  ensure(parameter.dim() == 1, "Adafactor over a tensor of {} dimensions; it takes one flat leaf", parameter.dim());
  ensure(options.clip_threshold > 0 && options.decay_rate < 0, "Adafactor with clip_threshold {} and decay_rate {}",
         options.clip_threshold, options.decay_rate);
  ensure(options.relative_step || !options.warmup_init, "Adafactor: warmup_init without relative_step");
  std::int64_t begin = 0;
  for (const NamedShape& shape : parts) {
    parts_.push_back(make_part(parameter, shape, begin));
    begin += parts_.back().parameter.numel();
  }
  ensure(begin == size_, "Adafactor: parts of {} elements together, parameter of {}", begin, size_);
}

Adafactor::Part Adafactor::make_part(const at::Tensor& parameter, const NamedShape& shape, std::int64_t begin) const {
  const std::int64_t size = c10::multiply_integers(shape.shape);
  ensure(size > 0 && begin + size <= size_, "Adafactor: part '{}' of {} elements at {} of {}", shape.name, size, begin,
         size_);
  Part part;
  part.name = shape.name;
  part.begin = begin;
  part.parameter = parameter.detach().narrow(0, begin, size).view(shape.shape);
  if (is_factored(shape.shape, options_.min_dim_size_to_factor)) {
    part.row = at::zeros_like(part.parameter.select(-1, 0), at::MemoryFormat::Contiguous);
    part.column = at::zeros_like(part.parameter.select(-2, 0), at::MemoryFormat::Contiguous);
  } else {
    part.full = at::zeros_like(part.parameter);
  }
  if (options_.beta1) part.average = at::zeros_like(part.parameter);
  return part;
}

void Adafactor::step(const at::Tensor& gradient, double learning_rate) {
  ensure(gradient.dim() == 1 && gradient.numel() == size_, "Adafactor: gradient of {} elements, parameter of {}",
         gradient.numel(), size_);
  const at::NoGradGuard no_grad;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double relative = std::min(options_.warmup_init ? 1e-6 * t : 1e-2, 1.0 / std::sqrt(t));
  for (Part& part : parts_) {
    const at::Tensor own = gradient.narrow(0, part.begin, part.parameter.numel()).view(part.parameter.sizes());
    update(part, own, options_.relative_step ? relative : learning_rate);
  }
}

// Takes `gradient` [...] into the second moments and returns it divided by their roots, [...], in memory of its own.
at::Tensor Adafactor::normalised(Part& part, const at::Tensor& gradient, double decay) const {
  const double fresh = 1.0 - decay;
  if (part.full.defined()) {
    part.full.mul_(decay).addcmul_(gradient, gradient, fresh).add_(fresh * options_.epsilon1);
    return part.full.rsqrt().mul_(gradient);
  }
  at::Tensor result = gradient.square();
  part.row.mul_(decay).add_(result.mean(-1).add_(options_.epsilon1), fresh);
  part.column.mul_(decay).add_(result.mean(-2).add_(options_.epsilon1), fresh);
  // Neither row / mean of rows nor the factors' product is formed: for rows and columns that never had a gradient the
  // one may be too small for float32, the other too large.
  const at::Tensor by_row = part.row.rsqrt().mul_(part.row.mean(-1, true).sqrt_());  // [...,R]
  at::mul_out(result, gradient, by_row.unsqueeze(-1));
  return result.mul_(part.column.rsqrt().unsqueeze(-2));
}

void Adafactor::update(Part& part, const at::Tensor& gradient, double rate) const {
  // As a tensor, for the part's size is known on the device alone.
  at::Tensor part_rate = at::full({}, rate, part.parameter.options());
  if (options_.scale_parameter) part_rate.mul_(rms(part.parameter).clamp_min_(options_.epsilon2));

  const double decay = 1.0 - std::pow(static_cast<double>(steps_), options_.decay_rate);
  at::Tensor change = normalised(part, gradient, decay);
  change.mul_(part_rate / rms(change).div_(options_.clip_threshold).clamp_min_(1.0));
  if (part.average.defined()) part.average.mul_(*options_.beta1).add_(change, 1.0 - *options_.beta1);
  if (options_.weight_decay != 0) part.parameter.mul_(1.0 - part_rate * options_.weight_decay);
  part.parameter.sub_(part.average.defined() ? part.average : change);
}

std::vector<NamedTensor> Adafactor::state() const {
  std::vector<NamedTensor> state;
  for (const Part& part : parts_) {
    const auto add = [&](const char* kind, const at::Tensor& value) {
      if (value.defined()) state.push_back({fmt::format("{}.{}", part.name, kind), value});
    };
    add("exp_avg_sq_row", part.row);
    add("exp_avg_sq_col", part.column);
    add("exp_avg_sq", part.full);
    add("exp_avg", part.average);
  }
  return state;
}

void Adafactor::set_state(const std::vector<NamedTensor>& state, std::int64_t steps) {
  copy_state(this->state(), state, steps);
  steps_ = steps;
}

}  // namespace prelude
