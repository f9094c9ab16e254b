#include "core/memory/free_blocks.h"

#include <iterator>

namespace prelude {

std::int64_t FreeBlocks::take(std::int64_t size) {
  for (auto block = blocks_.begin(); block != blocks_.end(); ++block) {
    const auto [offset, whole] = *block;
    if (whole < size) continue;
    blocks_.erase(block);
    if (whole > size) blocks_.emplace(offset + size, whole - size);
    return offset;
  }
  return -1;
}

void FreeBlocks::give(std::int64_t offset, std::int64_t size) {
  auto after = blocks_.lower_bound(offset);
  if (after != blocks_.end() && after->first == offset + size) {
    size += after->second;
    after = blocks_.erase(after);
  }
  if (after != blocks_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == offset) {
      before->second += size;
      return;
    }
  }
  blocks_.emplace(offset, size);
}

}  // namespace prelude
