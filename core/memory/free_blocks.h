#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace prelude {

// Which parts of a region 0 .. size are free. Best fit: the smallest free block that is large enough, the first of
// equals; neighbours are joined as they come back. Not safe for several threads at once.
class FreeBlocks {
 public:
  explicit FreeBlocks(std::int64_t size) { add(0, size); }

  // The place of `size` (> 0) bytes, or -1 where no free block is large enough.
  std::int64_t take(std::int64_t size);
  // Takes back what take() gave.
  void give(std::int64_t offset, std::int64_t size);
  // Offset and size of every free block, in their order.
  const std::map<std::int64_t, std::int64_t>& all() const { return by_offset_; }

 private:
  void add(std::int64_t offset, std::int64_t size);
  void remove(std::map<std::int64_t, std::int64_t>::iterator block);

  std::map<std::int64_t, std::int64_t> by_offset_;           // offset, size
  std::set<std::pair<std::int64_t, std::int64_t>> by_size_;  // size, offset
};

}  // namespace prelude
