#pragma once

#include <cstdint>
#include <map>

namespace prelude {

// Which parts of a region 0 .. size are free. First fit: the free block with the lowest place that is large enough;
// neighbours are joined as they come back. What a step computes comes and goes almost like a stack; its top stays as
// low as with the best fit or lower. Not safe for several threads at once.
class FreeBlocks {
 public:
  explicit FreeBlocks(std::int64_t size) : blocks_{{0, size}} {}

  // The place of `size` (> 0) bytes, or -1 where no free block is large enough.
  std::int64_t take(std::int64_t size);
  // Takes back what take() gave.
  void give(std::int64_t offset, std::int64_t size);
  // Offset and size of every free block, in their order.
  const std::map<std::int64_t, std::int64_t>& all() const { return blocks_; }

 private:
  std::map<std::int64_t, std::int64_t> blocks_;
};

}  // namespace prelude
