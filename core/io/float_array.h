// Numbers out of a small file (.npy, .pt) before they become a tensor: any float width, widened without loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace prelude {

enum class FloatType : std::uint8_t { float16, bfloat16, float32, float64 };

std::size_t bytes_of(FloatType type);
std::string_view name_of(FloatType type);

struct FloatArray {
  FloatType stored_as = FloatType::float32;
  std::vector<std::int64_t> shape;
  std::vector<double> values;  // row-major, as many as the shape says
};

// The little-endian number at `bytes`, of bytes_of(type) bytes; alignment does not matter.
double decode_float(FloatType type, const std::byte* bytes);

// Elements of `shape`. Throws UserError "'PATH': ..." where a size is negative, there are more than 8 dimensions, or
// the product is above 2^25, more than any prompt has.
std::int64_t elements_of(const std::vector<std::int64_t>& shape, const std::string& path);

// "100 x 512"; "a single number" for no dimension.
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace prelude
