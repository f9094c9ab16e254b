#pragma once

#include <c10/core/ScalarType.h>

namespace prelude {

// The dtype in which statistics and sums over `type` are kept: float64 for float64, else float32.
inline c10::ScalarType accumulate_type(c10::ScalarType type) {
  return type == c10::ScalarType::Double ? c10::ScalarType::Double : c10::ScalarType::Float;
}

}  // namespace prelude
