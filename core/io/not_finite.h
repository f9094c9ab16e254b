// How many of a tensor's numbers are not finite, out of its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/io/safetensors.h"

namespace prelude {

struct NotFiniteCount {
  std::int64_t nan = 0;
  std::int64_t infinite = 0;
  std::int64_t first = -1;  // element number of the first of them; -1: none

  bool any() const { return first >= 0; }
  // Takes in what was counted `begin` elements further on.
  void append(const NotFiniteCount& later, std::int64_t begin);
};

// Whole numbers of `type`, little-endian, at any alignment. Integers are finite.
NotFiniteCount count_not_finite(TensorType type, std::span<const std::byte> bytes);

// "3 NaN and 1 infinite of 4096 numbers, the first at [1030,7]".
std::string text_of(const NotFiniteCount& count, const std::vector<std::int64_t>& shape);

}  // namespace prelude
