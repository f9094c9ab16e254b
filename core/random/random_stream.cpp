#include "core/random/random_stream.h"

#include <cmath>
#include <numbers>

#include "core/error.h"

namespace prelude {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  constexpr std::uint64_t multiplier0 = 0xD2511F53U;
  constexpr std::uint64_t multiplier1 = 0xCD9E8D57U;
  constexpr std::uint32_t weyl0 = 0x9E3779B9U;
  constexpr std::uint32_t weyl1 = 0xBB67AE85U;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = multiplier0 * counter[0];
    const std::uint64_t product1 = multiplier1 * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(product0)};
    key[0] += weyl0;
    key[1] += weyl1;
  }
  return counter;
}

RandomStream::RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t index)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      index_(index),
      purpose_(static_cast<std::uint32_t>(purpose)) {}

std::uint32_t RandomStream::next_u32() {
  if (used_ == words_.size()) {
    words_ = philox4x32(
        {block_++, purpose_, static_cast<std::uint32_t>(index_), static_cast<std::uint32_t>(index_ >> 32)}, key_);
    used_ = 0;
  }
  return words_[used_++];
}

std::uint64_t RandomStream::next_u64() {
  const std::uint64_t low = next_u32();
  return low | (static_cast<std::uint64_t>(next_u32()) << 32);
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  ensure(bound > 0, "RandomStream::below({}) has no value to give", bound);
  const std::uint64_t unbiased_from = (0 - bound) % bound;  // 2^64 mod bound
  std::uint64_t value = next_u64();
  while (value < unbiased_from) value = next_u64();
  return value % bound;
}

double RandomStream::uniform() { return static_cast<double>(next_u64() >> 11) * 0x1.0p-53; }

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace prelude
