// Which numbers dropout keeps: a pure function of the example's key, the site, the head, the row and the column.
// Nothing is drawn in an order, so the mask is the same on any number of ranks, in any cut of a batch, beside any
// padding, and when it is made again backward; tests hold its bits. Included by CUDA code too, which is C++17.
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#define PRELUDE_ANYWHERE __host__ __device__ __forceinline__
#else
#define PRELUDE_ANYWHERE [[gnu::always_inline]] inline  // each instruction set has its own
#endif

namespace prelude {

// A good mixing of 64 bits: SplitMix64's (Steele, Lea and Flood, OOPSLA 2014), in D. Stafford's variant 13.
PRELUDE_ANYWHERE std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

// Element `number` of the stream that `key` names.
PRELUDE_ANYWHERE std::uint64_t mixed(std::uint64_t key, std::uint64_t number) {
  return mixed(key + 0x9E3779B97F4A7C15U * (number + 1));
}

// 32 bits for a column of a row, of either one number or a vector of them: C. Wellons' lowbias32, with half of the
// row's key before it and half in its middle, so that no two rows are one another's, moved by some columns.
template <typename Word>
PRELUDE_ANYWHERE Word dropout_word(Word column, std::uint64_t row_key) {
  Word x = column * 0x9E3779B9U + static_cast<std::uint32_t>(row_key);
  x = (x ^ (x >> 16)) * 0x7FEB352DU;
  x = x ^ static_cast<std::uint32_t>(row_key >> 32);
  x = (x ^ (x >> 15)) * 0x846CA68BU;
  return x ^ (x >> 16);
}

// The mask over a contiguous tensor [B,H,S,C] (H is 1 where there are no heads), whose rows are B*H*S.
struct DropoutMask {
  std::uint64_t site = 0;
  std::int64_t heads = 1;         // H, of this rank
  std::int64_t positions = 1;     // S
  std::int64_t first_head = 0;    // what the model calls head 0 of the tensor
  std::int64_t first_column = 0;  // and column 0
  std::uint32_t threshold = 0;    // words below it are dropped: rate x 2^32
  float scale = 1.0F;             // of what is kept: 1 / (1 - rate)

  // keys [B]; row of B*H*S.
  PRELUDE_ANYWHERE std::uint64_t row_key(const std::int64_t* keys, std::int64_t row) const {
    const std::int64_t head = first_head + row / positions % heads;
    const auto number = (static_cast<std::uint64_t>(head) << 32) + static_cast<std::uint64_t>(row % positions);
    return mixed(mixed(static_cast<std::uint64_t>(keys[row / positions / heads]), site), number);
  }
};

}  // namespace prelude
