// PyTorch's .pt files of one float tensor, read without executing the pickle inside.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/io/float_array.h"

namespace prelude {

// Reads what torch.save makes of one float16, bfloat16, float32 or float64 tensor (also as a parameter, or alone in a
// dictionary), on any device and of any strides, in the zip format (torch 1.6 and newer) or the older one. Throws
// UserError naming the file and the defect; whatever else a pickle may ask for is refused, not run.
FloatArray read_pt(const std::string& path);

// Writes a contiguous float32 tensor that torch.load(path, weights_only=True) reads; atomically. `values`: row-major.
void write_pt(const std::string& path, const std::vector<std::int64_t>& shape, std::span<const float> values);

}  // namespace prelude
