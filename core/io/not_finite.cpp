#include "core/io/not_finite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

namespace prelude {
namespace {

// `Bits`: an unsigned integer as wide as a number; `exponent`: the bits that are all set in NaN and infinity.
template <typename Bits>
NotFiniteCount count(std::span<const std::byte> bytes, Bits exponent, Bits fraction) {
  constexpr std::size_t block = 4096;  // numbers looked at together: nearly all blocks hold none
  NotFiniteCount found;
  Bits numbers[block];
  const std::size_t all = bytes.size() / sizeof(Bits);
  for (std::size_t begin = 0; begin < all; begin += block) {
    const std::size_t size = std::min(block, all - begin);
    std::memcpy(numbers, bytes.data() + begin * sizeof(Bits), size * sizeof(Bits));
    Bits some = 0;
    for (std::size_t i = 0; i < size; ++i) some |= static_cast<Bits>((numbers[i] & exponent) == exponent);
    for (std::size_t i = 0; some != 0 && i < size; ++i) {
      if ((numbers[i] & exponent) != exponent) continue;
      ++((numbers[i] & fraction) != 0 ? found.nan : found.infinite);
      if (!found.any()) found.first = static_cast<std::int64_t>(begin + i);
    }
  }
  return found;
}

// Element number `element` of a tensor as indices.
std::string place_text(std::int64_t element, const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> indices(shape.size());
  for (std::size_t d = shape.size(); d-- > 0; element /= shape[d]) indices[d] = element % shape[d];
  return fmt::format("[{}]", fmt::join(indices, ","));
}

}  // namespace

void NotFiniteCount::append(const NotFiniteCount& later, std::int64_t begin) {
  nan += later.nan;
  infinite += later.infinite;
  if (!any() && later.any()) first = begin + later.first;
}

NotFiniteCount count_not_finite(TensorType type, std::span<const std::byte> bytes) {
  switch (type) {
    case TensorType::f64:
      return count<std::uint64_t>(bytes, 0x7FF0000000000000U, 0x000FFFFFFFFFFFFFU);
    case TensorType::f32:
      return count<std::uint32_t>(bytes, 0x7F800000U, 0x007FFFFFU);
    case TensorType::f16:
      return count<std::uint16_t>(bytes, 0x7C00U, 0x03FFU);
    case TensorType::bf16:
      return count<std::uint16_t>(bytes, 0x7F80U, 0x007FU);
    default:
      return {};
  }
}

std::string text_of(const NotFiniteCount& count, const std::vector<std::int64_t>& shape) {
  std::int64_t all = 1;
  for (const std::int64_t size : shape) all *= size;
  return fmt::format("{} NaN and {} infinite of {} numbers, the first at {}", count.nan, count.infinite, all,
                     place_text(count.first, shape));
}

}  // namespace prelude
