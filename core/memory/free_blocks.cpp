#include "core/memory/free_blocks.h"

#include <iterator>

namespace prelude {

std::int64_t FreeBlocks::take(std::int64_t size) {
  const auto fit = by_size_.lower_bound({size, 0});
  if (fit == by_size_.end()) return -1;
  const auto [whole, offset] = *fit;
  remove(by_offset_.find(offset));
  if (whole > size) add(offset + size, whole - size);
  return offset;
}

void FreeBlocks::give(std::int64_t offset, std::int64_t size) {
  const auto after = by_offset_.lower_bound(offset);
  if (after != by_offset_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == offset) {
      offset = before->first;
      size += before->second;
      remove(before);
    }
  }
  if (after != by_offset_.end() && after->first == offset + size) {
    size += after->second;
    remove(after);
  }
  add(offset, size);
}

void FreeBlocks::add(std::int64_t offset, std::int64_t size) {
  by_offset_.emplace(offset, size);
  by_size_.emplace(size, offset);
}

void FreeBlocks::remove(std::map<std::int64_t, std::int64_t>::iterator block) {
  by_size_.erase({block->second, block->first});
  by_offset_.erase(block);
}

}  // namespace prelude
