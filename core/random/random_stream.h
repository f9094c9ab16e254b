// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// A stream is a function of (seed, purpose, index) alone, so sample i of a run needs nothing from sample i - 1.
#pragma once

#include <array>
#include <cstdint>

namespace prelude {

// What a stream is for; streams of different purposes never overlap. The values are part of what a seed means: never
// renumber them.
enum class Purpose : std::uint32_t {
  order = 1,
  sample = 2,
  prompt_init = 3,
  weights = 4,
  validation = 5,
  test = 6,
  document = 7
};

// One block of Philox4x32-10: 128 random bits out of a 128-bit counter and a 64-bit key.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

// A stream of random numbers; cheap to make (no state but a counter), copyable, the same on every machine.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t index);

  std::uint32_t next_u32();
  std::uint64_t next_u64();
  // Uniform on [0, bound), without bias (rejection). bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform on [0, 1), 53 bits.
  double uniform();
  // Standard normal (Box-Muller; no cached second value, so a draw always costs two uniforms).
  double normal();

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint64_t index_;
  std::uint32_t purpose_;
  std::uint32_t block_ = 0;
  unsigned used_ = 4;
  std::array<std::uint32_t, 4> words_{};
};

}  // namespace prelude
