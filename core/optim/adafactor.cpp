#include "core/optim/adafactor.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace prelude {
namespace {

bool is_factored(const std::vector<std::int64_t>& shape, std::int64_t least) {
  return shape.size() >= 2 && std::min(shape[shape.size() - 2], shape.back()) >= least;
}

// Parts are updated together up to so many elements: enough to keep a GPU busy, and little beside what trains.
constexpr std::int64_t most_together = std::int64_t{1} << 22;

// [n,...] of n tensors [...]; a view of the only one.
at::Tensor together(const std::vector<at::Tensor>& parts) {
  return parts.size() == 1 ? parts.front().unsqueeze(0) : at::stack(parts);
}

// Root mean square of each of the n, [n,1,...] on x's device; x [n,...].
at::Tensor rms(const at::Tensor& x) {
  std::vector<std::int64_t> own(static_cast<std::size_t>(x.dim() - 1));
  std::iota(own.begin(), own.end(), 1);
  const double elements = static_cast<double>(x.numel()) / static_cast<double>(x.size(0));
  return at::linalg_vector_norm(x, 2, own, /*keepdim=*/true).div_(std::sqrt(elements));
}

}  // namespace

Adafactor::Adafactor(const at::Tensor& parameter, const std::vector<NamedShape>& parts, const AdafactorOptions& options)
    : size_(parameter.numel()), first_(parameter.storage_offset()), options_(options) {
  ensure(parameter.dim() == 1, "Adafactor over a tensor of {} dimensions; it takes one flat leaf", parameter.dim());
  ensure(options.clip_threshold > 0 && options.decay_rate < 0, "Adafactor with clip_threshold {} and decay_rate {}",
         options.clip_threshold, options.decay_rate);
  ensure(options.relative_step || !options.warmup_init, "Adafactor: warmup_init without relative_step");
  std::int64_t begin = 0;
  for (const NamedShape& part : parts) {
    add_part(parameter, part, begin);
    begin += c10::multiply_integers(part.shape);
  }
  ensure(begin == size_, "Adafactor: parts of {} elements together, parameter of {}", begin, size_);
  for (Group& group : groups_) make_moments(group);
}

void Adafactor::add_part(const at::Tensor& parameter, const NamedShape& part, std::int64_t begin) {
  const std::int64_t size = c10::multiply_integers(part.shape);
  ensure(size > 0 && begin + size <= size_, "Adafactor: part '{}' of {} elements at {} of {}", part.name, size, begin,
         size_);
  auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& one) {
    return one.shape == part.shape && static_cast<std::int64_t>(one.names.size() + 1) * size <= most_together;
  });
  if (group == groups_.end()) {
    group = groups_.emplace(group);
    group->shape = part.shape;
  }
  places_.emplace_back(group - groups_.begin(), group->names.size());
  group->names.push_back(part.name);
  group->parameters.push_back(parameter.detach().narrow(0, begin, size).view(part.shape));
}

void Adafactor::make_moments(Group& group) const {
  std::vector<std::int64_t> shape = group.shape;
  shape.insert(shape.begin(), static_cast<std::int64_t>(group.names.size()));
  const at::TensorOptions options = group.parameters.front().options();
  if (options_.beta1) group.average = at::zeros(shape, options);
  if (!is_factored(group.shape, options_.min_dim_size_to_factor)) {
    group.full = at::zeros(shape, options);
    return;
  }
  std::vector<std::int64_t> row(shape.begin(), shape.end() - 1);
  std::vector<std::int64_t> column = row;
  column.back() = shape.back();
  group.row = at::zeros(row, options);
  group.column = at::zeros(column, options);
}

void Adafactor::step(const at::Tensor& gradient, double learning_rate) {
  ensure(gradient.dim() == 1 && gradient.numel() == size_, "Adafactor: gradient of {} elements, parameter of {}",
         gradient.numel(), size_);
  const at::NoGradGuard no_grad;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double relative = std::min(options_.warmup_init ? 1e-6 * t : 1e-2, 1.0 / std::sqrt(t));
  for (Group& group : groups_) {
    std::vector<at::Tensor> own;  // n x [...]
    own.reserve(group.names.size());
    for (const at::Tensor& part : group.parameters) {
      own.push_back(gradient.narrow(0, part.storage_offset() - first_, part.numel()).view(group.shape));
    }
    update(group, together(own), options_.relative_step ? relative : learning_rate);
  }
}

// Takes `gradient` [n,...] into the second moments and returns it divided by their roots, [n,...], in memory of its
// own.
at::Tensor Adafactor::normalised(Group& group, const at::Tensor& gradient, double decay) const {
  const double fresh = 1.0 - decay;
  if (group.full.defined()) {
    group.full.mul_(decay).addcmul_(gradient, gradient, fresh).add_(fresh * options_.epsilon1);
    return group.full.rsqrt().mul_(gradient);
  }
  at::Tensor result = gradient.square();
  group.row.mul_(decay).add_(result.mean(-1).add_(options_.epsilon1), fresh);
  group.column.mul_(decay).add_(result.mean(-2).add_(options_.epsilon1), fresh);
  // Neither row / mean of rows nor the factors' product is formed: for rows and columns that never had a gradient the
  // one may be too small for float32, the other too large.
  const at::Tensor by_row = group.row.rsqrt().mul_(group.row.mean(-1, true).sqrt_());  // [n,...,R]
  at::mul_out(result, gradient, by_row.unsqueeze(-1));
  return result.mul_(group.column.rsqrt().unsqueeze(-2));
}

void Adafactor::update(Group& group, const at::Tensor& gradient, double rate) const {
  const bool sized = options_.scale_parameter || options_.weight_decay != 0;
  const at::Tensor parameters = sized ? together(group.parameters) : at::Tensor();  // [n,...]
  // As tensors, for the parts' sizes are known on the device alone.
  const at::Tensor rates = options_.scale_parameter  // [n,1,...] or []
                               ? rms(parameters).clamp_min_(options_.epsilon2).mul_(rate)
                               : at::full({}, rate, gradient.options());

  const double decay = 1.0 - std::pow(static_cast<double>(steps_), options_.decay_rate);
  at::Tensor change = normalised(group, gradient, decay);
  change.mul_(rates / rms(change).div_(options_.clip_threshold).clamp_min_(1.0));
  if (group.average.defined()) change = group.average.mul_(*options_.beta1).add_(change, 1.0 - *options_.beta1);
  if (options_.weight_decay != 0) change = change + parameters * (rates * options_.weight_decay);
  at::_foreach_sub_(group.parameters, change.unbind(0));
}

std::vector<NamedTensor> Adafactor::state() const {
  std::vector<NamedTensor> state;
  for (const auto& [at, place] : places_) {
    const Group& group = groups_[at];
    const auto add = [&, place = place](const char* kind, const at::Tensor& values) {
      const auto index = static_cast<std::int64_t>(place);
      if (values.defined()) state.push_back({fmt::format("{}.{}", group.names[place], kind), values.select(0, index)});
    };
    add("exp_avg_sq_row", group.row);
    add("exp_avg_sq_col", group.column);
    add("exp_avg_sq", group.full);
    add("exp_avg", group.average);
  }
  return state;
}

void Adafactor::set_state(const std::vector<NamedTensor>& state, std::int64_t steps) {
  copy_state(this->state(), state, steps);
  steps_ = steps;
}

}  // namespace prelude
