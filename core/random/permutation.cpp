#include "core/random/permutation.h"

#include <bit>

#include "core/error.h"
#include "core/random/random_stream.h"

namespace prelude {

Permutation::Permutation(std::uint64_t size, std::uint64_t seed, std::uint64_t epoch)
    : size_(size), seed_(seed), epoch_(epoch), half_bits_((static_cast<unsigned>(std::bit_width(size)) + 1) / 2) {
  ensure(size > 0, "a permutation of {} elements", size);
}

std::uint64_t Permutation::once(std::uint64_t value) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t left = value >> half_bits_;
  std::uint64_t right = value & mask;
  const std::array<std::uint32_t, 2> key{static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32)};
  for (std::uint32_t round = 0; round < 6; ++round) {
    const auto words = philox4x32({static_cast<std::uint32_t>(right), round | 0x50000000U,
                                   static_cast<std::uint32_t>(epoch_), static_cast<std::uint32_t>(epoch_ >> 32)},
                                  key);
    const std::uint64_t next = (left ^ words[0]) & mask;
    left = right;
    right = next;
  }
  return (left << half_bits_) | right;
}

std::uint64_t Permutation::operator()(std::uint64_t index) const {
  ensure(index < size_, "index {} of a permutation of {} elements", index, size_);
  std::uint64_t value = once(index);
  while (value >= size_) value = once(value);
  return value;
}

}  // namespace prelude
