// A stateless pseudo-random permutation of 0..size-1: a Feistel network over an even number of bits, walked until the
// value falls inside (Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002).
#pragma once

#include <cstdint>

namespace prelude {

class Permutation {
 public:
  // size > 0. The permutation is a function of (size, seed, epoch) alone.
  Permutation(std::uint64_t size, std::uint64_t seed, std::uint64_t epoch);
  // index < size; the result is in [0, size).
  std::uint64_t operator()(std::uint64_t index) const;
  std::uint64_t size() const { return size_; }

 private:
  std::uint64_t once(std::uint64_t value) const;

  std::uint64_t size_;
  std::uint64_t seed_;
  std::uint64_t epoch_;
  unsigned half_bits_;
};

}  // namespace prelude
