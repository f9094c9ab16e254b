#include "core/memory/reusing_allocator.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <thread>

namespace prelude {
namespace {

TEST(ReusingAllocator, GivesTheSameBlockAgain) {
  reuse_tensor_memory();
  const MemoryUse before = tensor_memory_use();
  const void* first = nullptr;
  {
    const at::Tensor tensor = at::ones({1 << 20}, at::kFloat);
    first = tensor.data_ptr();
    EXPECT_EQ(tensor_memory_use().alive, before.alive + (4 << 20));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 64, 0U);
  }
  EXPECT_EQ(tensor_memory_use().alive, before.alive);
  const at::Tensor again = at::empty({1 << 20}, at::kFloat);
  EXPECT_EQ(again.data_ptr(), first);
  EXPECT_GE(tensor_memory_use().most, before.alive + (4 << 20));
}

TEST(ReusingAllocator, LeavesSmallTensorsToLibTorch) {
  reuse_tensor_memory();
  const std::int64_t before = tensor_memory_use().alive;
  const at::Tensor small = at::ones({100}, at::kFloat);
  EXPECT_EQ(tensor_memory_use().alive, before);
}

TEST(ReusingAllocator, ReleasedPagesComeBackAsZeros) {
  reuse_tensor_memory();
  { const at::Tensor tensor = at::ones({1 << 20}, at::kFloat); }
  release_free_tensor_memory();
  EXPECT_TRUE(at::empty({1 << 20}, at::kFloat).eq(0).all().item<bool>());
}

TEST(ReusingAllocator, SurvivesManyThreads) {
  reuse_tensor_memory();
  const std::int64_t before = tensor_memory_use().alive;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      std::vector<at::Tensor> kept(8);
      for (int i = 0; i < 400; ++i) {
        const auto value = static_cast<float>(t * 1000 + i);
        auto& slot = kept[static_cast<std::size_t>(i) % kept.size()];
        if (slot.defined()) {
          EXPECT_TRUE(slot.eq(slot.flatten()[0]).all().item<bool>());
        }
        slot = at::full({(1 + i % 7) << 15}, value, at::kFloat);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tensor_memory_use().alive, before);
}

}  // namespace
}  // namespace prelude
