#pragma once

#include <cstdint>
#include <vector>

#include "core/t5/batch.h"
#include "core/t5/config.h"
#include "tasks/pretext/pretext_task.h"

namespace prelude {

// Examples as padded batches on `device`, in the given order.
std::vector<Batch> make_micro_batches(const std::vector<std::vector<Example>>& examples, const T5Config& config,
                                      at::Device device);

}  // namespace prelude
