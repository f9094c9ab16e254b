// How a flat leaf of N elements is shared out over the ranks that keep its optimiser's state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/delta/trainable.h"

namespace prelude {

// What one rank has: elements `begin` to `end` of the leaf, perhaps none.
struct Shard {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  // The parts that these are, where shards are of whole parts; both 0 where they are not.
  std::size_t first_part = 0;
  std::size_t end_part = 0;

  std::int64_t size() const { return end - begin; }
  bool operator==(const Shard&) const = default;
};

// One shard a rank, alike in size: ceil(N / ranks) rounded up to 64 elements, so that each begins where vectors do; the
// last ones are shorter or empty. For an optimiser that sees elements one by one, such as AdamW.
std::vector<Shard> shards_of_elements(std::int64_t elements, int ranks);

// One shard a rank, each a run of whole parts, in order, so that the largest is as small as can be; there may be empty
// ones. For an optimiser that needs whole parts, such as Adafactor.
std::vector<Shard> shards_of_parts(const std::vector<NamedShape>& parts, int ranks);

}  // namespace prelude
