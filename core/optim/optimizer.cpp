#include "core/optim/optimizer.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/error.h"

namespace prelude {
namespace {

const at::Tensor& checked_value(const NamedTensor& own, const std::vector<NamedTensor>& given) {
  const auto found = std::find_if(given.begin(), given.end(), [&own](const auto& one) { return one.name == own.name; });
  require(found != given.end(),
          "the saved optimiser state has no '{}'; go on with the optimiser and the options that the run began with",
          own.name);
  require(found->value.defined() && found->value.sizes() == own.value.sizes() && found->value.is_floating_point(),
          "the saved optimiser state '{}' has another shape or type than what trains here; go on with the model that "
          "the run began with",
          own.name);
  return found->value;
}

}  // namespace

void copy_state(const std::vector<NamedTensor>& own, const std::vector<NamedTensor>& given, std::int64_t steps) {
  require(steps >= 0, "the saved optimiser state is of {} steps; the file is no state of an optimiser", steps);
  require(own.size() == given.size(),
          "the saved optimiser state has {} tensors, this optimiser {}; go on with the optimiser and the options that "
          "the run began with",
          given.size(), own.size());
  for (const NamedTensor& one : own) checked_value(one, given);
  const at::NoGradGuard no_grad;
  for (const NamedTensor& one : own) one.value.copy_(checked_value(one, given));
}

}  // namespace prelude
