#include "core/memory/reusing_allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>

#include "core/memory/free_blocks.h"

namespace prelude {
namespace {

constexpr std::int64_t least = 1 << 16;      // smaller blocks are malloc's business
constexpr std::int64_t granule = 1 << 12;    // sizes are rounded up to pages
constexpr std::int64_t huge_page = 1 << 21;  // x86-64's and aarch64's

std::int64_t round_up(std::int64_t size, std::int64_t unit) { return (size + unit - 1) / unit * unit; }

// Addresses only: pages come as they are touched. Twice the machine's memory, so that holes never end it early.
std::int64_t region_size() {
  const std::int64_t memory = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
  return round_up(2 * memory, huge_page);
}

class ReusingAllocator final : public c10::Allocator {
 public:
  ReusingAllocator(c10::Allocator& small, char* region, std::int64_t size)
      : small_(small), region_(region), size_(size), free_(size) {}

  c10::DataPtr allocate(std::size_t bytes) override {
    const auto size = static_cast<std::int64_t>(bytes);
    if (size < least) return small_.allocate(bytes);
    std::unique_lock lock(mutex_);
    const std::int64_t rounded = round_up(size, granule);
    const std::int64_t offset = free_.take(rounded);
    if (offset < 0) {
      lock.unlock();
      return small_.allocate(bytes);
    }
    sizes_[offset] = rounded;
    use_.alive += rounded;
    use_.most = std::max(use_.most, use_.alive);
    use_.reached = std::max(use_.reached, offset + rounded);
    char* const data = region_ + offset;
    return {data, data, &release, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* target, const void* source, std::size_t size) const override {
    default_copy_data(target, source, size);
  }

  // Of a block of its own or, by way of raw_deleter(), of the other allocator's.
  void give_back(char* data) {
    const std::unique_lock lock(mutex_);
    if (data < region_ || data >= region_ + size_) return small_.raw_deleter()(data);
    const auto block = sizes_.find(data - region_);
    use_.alive -= block->second;
    free_.give(block->first, block->second);
    sizes_.erase(block);
  }

  void release_pages() {
    const std::scoped_lock lock(mutex_);
    for (const auto& [offset, size] : free_.all()) {
      const std::int64_t end = std::min(offset + size, use_.reached);
      if (end > offset) madvise(region_ + offset, static_cast<std::size_t>(end - offset), MADV_DONTNEED);
    }
    use_.most = use_.alive;
    use_.reached = 0;
    for (const auto& [offset, size] : sizes_) use_.reached = std::max(use_.reached, offset + size);
  }

  MemoryUse use() {
    const std::scoped_lock lock(mutex_);
    return use_;
  }

 private:
  static void release(void* data);

  c10::Allocator& small_;
  char* const region_;
  const std::int64_t size_;
  std::mutex mutex_;
  FreeBlocks free_;
  std::unordered_map<std::int64_t, std::int64_t> sizes_;  // of blocks handed out, by offset
  MemoryUse use_;
};

// Never destroyed: tensors of static storage are freed after everything else.
std::atomic<ReusingAllocator*> in_use = nullptr;

void ReusingAllocator::release(void* data) { in_use.load()->give_back(static_cast<char*>(data)); }

}  // namespace

void reuse_tensor_memory() {
  if (in_use != nullptr) return;
  const std::int64_t size = region_size();
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* const region = mmap(nullptr, static_cast<std::size_t>(size), PROT_READ | PROT_WRITE, flags, -1, 0);
  if (region == MAP_FAILED) return;
  madvise(region, static_cast<std::size_t>(size), MADV_HUGEPAGE);
  constexpr std::uint8_t priority = 1;  // above the default; the next of the same priority replaces it
  in_use = new ReusingAllocator(*c10::GetCPUAllocator(), static_cast<char*>(region), size);
  c10::SetCPUAllocator(in_use, priority);
}

void release_free_tensor_memory() {
  if (in_use != nullptr) in_use.load()->release_pages();
}

MemoryUse tensor_memory_use() { return in_use == nullptr ? MemoryUse{} : in_use.load()->use(); }

}  // namespace prelude
