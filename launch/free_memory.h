#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace prelude {

// Bytes that a process may still take: of the GPU, or of the host.
std::int64_t free_bytes(at::Device device);

// Of the host: what the kernel has or can make available, or less where a control group (of a container, of a job of
// Slurm) limits it. Pages of mapped files count as available, for the kernel can drop them. `root`: where /proc and
// /sys are, for tests.
std::int64_t free_host_bytes(const std::string& root = "");

}  // namespace prelude
