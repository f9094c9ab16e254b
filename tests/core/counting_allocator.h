#pragma once

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace prelude::test {

// An allocator for LibTorch's CPU tensors that counts the bytes alive, the most that ever were, and all handed out. A
// block's size stands in front of it; its deleter needs no allocator, for blocks may outlive the count.
class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t size) override {
    const std::size_t whole = (size + 2 * front - 1) / front * front;
    auto* block = static_cast<char*>(std::aligned_alloc(front, whole));
    if (block == nullptr) throw std::bad_alloc();
    *reinterpret_cast<std::int64_t*>(block) = static_cast<std::int64_t>(size);
    alive_ += static_cast<std::int64_t>(size);
    most_ = std::max(most_.load(), alive_.load());
    total_ += static_cast<std::int64_t>(size);
    return {block + front, block + front, &release, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* target, const void* source, std::size_t size) const override {
    default_copy_data(target, source, size);
  }
  static void reset() {
    most_ = alive_.load();
    total_ = 0;
  }
  static std::int64_t alive() { return alive_; }
  static std::int64_t most() { return most_; }
  static std::int64_t total() { return total_; }

 private:
  static constexpr std::size_t front = 64;
  static void release(void* data) {
    char* block = static_cast<char*>(data) - front;
    alive_ -= *reinterpret_cast<std::int64_t*>(block);
    std::free(block);
  }

  static inline std::atomic<std::int64_t> alive_ = 0;
  static inline std::atomic<std::int64_t> most_ = 0;
  static inline std::atomic<std::int64_t> total_ = 0;
};

class CountedMemory {
 public:
  CountedMemory() { c10::SetCPUAllocator(&counting_, priority); }
  ~CountedMemory() { c10::SetCPUAllocator(under_, priority); }
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;

 private:
  static constexpr std::uint8_t priority = 1;
  c10::Allocator* under_ = c10::GetCPUAllocator();
  static inline CountingAllocator counting_;  // storages keep a pointer to it
};

}  // namespace prelude::test
