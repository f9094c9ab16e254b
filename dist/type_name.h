#pragma once

#include <c10/core/ScalarType.h>

#include <string_view>

namespace prelude {

// As users know it, in the eight bytes of a flight record: "float32", "bfloat16", "int64".
inline std::string_view name_of(c10::ScalarType type) {
  switch (type) {
    case c10::ScalarType::Float:
      return "float32";
    case c10::ScalarType::Double:
      return "float64";
    case c10::ScalarType::BFloat16:
      return "bfloat16";
    case c10::ScalarType::Long:
      return "int64";
    case c10::ScalarType::Byte:
      return "bytes";
    default:
      return c10::toString(type);
  }
}

}  // namespace prelude
