#include "core/ops/cpu/threads.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace prelude::cpu {
namespace {

class Threads : public testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(3); }
  void TearDown() override { at::set_num_threads(before_); }

 private:
  int before_ = at::get_num_threads();
};

TEST_F(Threads, WorkAtTheSameTime) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  std::vector<int> times(300, 0);
  share_out(300, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) ++times[static_cast<std::size_t>(i)];
    const std::scoped_lock lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_EQ(times, std::vector<int>(300, 1));
}

TEST_F(Threads, GetNoPartThatIsTooSmall) {
  std::atomic<int> parts = 0;
  share_out(300, 200, [&](std::int64_t begin, std::int64_t end) {
    EXPECT_EQ(end - begin, 150);
    ++parts;
  });
  EXPECT_EQ(parts, 2);
  share_out(0, 1, [&](std::int64_t, std::int64_t) { ++parts; });
  EXPECT_EQ(parts, 2);
}

TEST_F(Threads, DoNotMultiply) {
  std::atomic<int> inner = 0;
  share_out(3, 1, [&](std::int64_t begin, std::int64_t end) {
    const std::thread::id mine = std::this_thread::get_id();
    for (; begin < end; ++begin) {
      share_out(10, 1, [&](std::int64_t first, std::int64_t last) {
        inner += std::this_thread::get_id() == mine && first == 0 && last == 10 ? 1 : 100;
      });
    }
  });
  EXPECT_EQ(inner, 3);
}

TEST_F(Threads, ThrowWhatWorkThrew) {
  EXPECT_THROW(share_out(3, 1,
                         [](std::int64_t begin, std::int64_t) {
                           if (begin == 2) throw std::runtime_error("third");
                         }),
               std::runtime_error);
}

}  // namespace
}  // namespace prelude::cpu
