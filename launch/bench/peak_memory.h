#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace prelude {

// The most memory used so far, in bytes: of the process (resident) for the CPU, of LibTorch's allocator for a GPU.
std::int64_t peak_bytes(at::Device device);

}  // namespace prelude
