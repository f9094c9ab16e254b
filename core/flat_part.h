#pragma once

#include <cstdint>

namespace prelude {

// Neighbouring elements of a flat tensor.
struct FlatPart {
  std::int64_t offset = 0;
  std::int64_t size = 0;
};

}  // namespace prelude
