#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "tasks/pretext/pretext_task.h"

namespace prelude {

// [B,C] bool on `device`: where an example does not offer a class. An option task has words for its longest list; to
// rank those that an example does not show would count a prediction wrong that no reader of the example can make.
at::Tensor not_offered(std::span<const Example> examples, std::int64_t classes, at::Device device);

}  // namespace prelude
