// NumPy's .npy files (format 1.0 to 3.0; numpy.lib.format): one array, no pickle.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/io/float_array.h"

namespace prelude {

// Reads little-endian float16, float32 or float64 in C order. Throws UserError naming the file and the defect: another
// type (an object array would need a pickle), Fortran order, a header that is not plain, data longer or shorter than it
// says. Memory is bounded by the file's size.
FloatArray read_npy(const std::string& path);

// Writes float32 in C order, atomically. `values`: row-major, as many as `shape` says.
void write_npy(const std::string& path, const std::vector<std::int64_t>& shape, std::span<const float> values);

}  // namespace prelude
