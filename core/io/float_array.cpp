#include "core/io/float_array.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.h"

namespace prelude {
namespace {

template <typename T>
T load(const std::byte* bytes) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// IEEE 754 binary16.
double decode_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const int fraction = bits & 0x3FF;
  double magnitude = 0;
  if (exponent == 0x1F) {
    magnitude = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(fraction, -24);
  } else {
    magnitude = std::ldexp(fraction + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

}  // namespace

std::size_t bytes_of(FloatType type) {
  switch (type) {
    case FloatType::float16:
    case FloatType::bfloat16:
      return 2;
    case FloatType::float32:
      return 4;
    case FloatType::float64:
      return 8;
  }
  throw InternalError("a float of no known width");
}

std::string_view name_of(FloatType type) {
  switch (type) {
    case FloatType::float16:
      return "float16";
    case FloatType::bfloat16:
      return "bfloat16";
    case FloatType::float32:
      return "float32";
    case FloatType::float64:
      return "float64";
  }
  throw InternalError("a float of no known width");
}

double decode_float(FloatType type, const std::byte* bytes) {
  switch (type) {
    case FloatType::float16:
      return decode_half(load<std::uint16_t>(bytes));
    case FloatType::bfloat16:
      return std::bit_cast<float>(static_cast<std::uint32_t>(load<std::uint16_t>(bytes)) << 16U);
    case FloatType::float32:
      return load<float>(bytes);
    case FloatType::float64:
      return load<double>(bytes);
  }
  throw InternalError("a float of no known width");
}

std::int64_t elements_of(const std::vector<std::int64_t>& shape, const std::string& path) {
  constexpr std::int64_t most = std::int64_t{1} << 25;  // 8,192 rows of 4,096
  require(shape.size() <= 8, "'{}': {} dimensions; a prompt has two, rows and width", path, shape.size());
  std::int64_t product = 1;
  for (const std::int64_t size : shape) {
    require(size >= 0, "'{}': a dimension of {}; the file is damaged", path, size);
    require(size == 0 || product <= most / size, "'{}': the shape {} is too large; the file is damaged", path,
            shape_text(shape));
    product *= size;
  }
  return product;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  if (shape.empty()) return "a single number";
  std::string text;
  for (const std::int64_t size : shape) text += fmt::format("{}{}", text.empty() ? "" : " x ", size);
  return text;
}

}  // namespace prelude
