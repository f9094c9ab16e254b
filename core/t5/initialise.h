#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/t5/config.h"
#include "core/t5/weights.h"

namespace prelude {

// A backbone that was never trained, with T5's initial spreads (transformers, T5PreTrainedModel._init_weights). Numbers
// come from counter-based streams keyed by (seed, tensor, block), so they are the same on every machine, for any number
// of threads; on a GPU a tensor of more than 2^24 elements comes from the device's own generator instead.
Weights initialise_weights(const T5Config& config, std::uint64_t seed, at::Device device, at::ScalarType dtype);

}  // namespace prelude
