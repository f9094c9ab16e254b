// Steps of unequal micro-batches, and how ranks share them out.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/core/t5/small_backbone.h"
#include "tests/dist/variants.h"

namespace prelude::test {

inline const T5Config& uneven_config() {
  static const T5Config value = variants()[1].config;
  return value;
}

// Seven micro-batches of unequal sizes, lengths and token counts: the last rank has fewer than the first.
inline std::vector<Batch> uneven_batches(std::uint64_t step) {
  std::vector<Batch> batches;
  for (std::uint64_t m = 0; m < 7; ++m) {
    std::vector<std::size_t> sources(1 + m % 3, 4 + m);
    std::vector<std::size_t> targets(1 + m % 3, 1 + m % 4);
    sources[0] = 2;
    batches.push_back(small_batch(uneven_config(), sources, targets, 10 * step + m));
    for (std::size_t i = 0; i < sources.size(); ++i) {
      batches.back().samples.push_back(static_cast<std::int64_t>(100 * step + 10 * m + i));
    }
  }
  return batches;
}

inline std::vector<Batch> share_of(const std::vector<Batch>& all, int rank, int ranks) {
  std::vector<Batch> mine;
  for (std::size_t m = static_cast<std::size_t>(rank); m < all.size(); m += static_cast<std::size_t>(ranks)) {
    mine.push_back(all[m]);
  }
  return mine;
}

}  // namespace prelude::test
