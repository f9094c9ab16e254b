#include "launch/train/stop_signal.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "core/ops/linear_map.h"
#include "tests/core/random_tensor.h"

namespace prelude {
namespace {

using test::random_tensor;

TEST(StopSignal, CatchesWhatAsksForAStop) {
  for (const auto& [number, name] : {std::pair{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"}, {SIGUSR1, "SIGUSR1"}}) {
    const StopSignal signal;
    EXPECT_FALSE(signal.requested());
    EXPECT_EQ(signal.name(), "");
    std::raise(number);
    EXPECT_TRUE(signal.requested());
    EXPECT_EQ(signal.name(), name);
  }
}

// oneDNN's kernels keep numbers below the stack pointer: a handler on the same stack corrupted the heap within a
// second.
TEST(StopSignal, DoesNotDisturbProductsUnderWay) {
  const at::Tensor x = random_tensor({320, 128}, 1).to(at::kFloat);
  const at::Tensor weight = random_tensor({64, 128}, 2).to(at::kFloat);
  const at::Tensor expected = linear_map(x, weight);
  const StopSignal signal;
  std::atomic<bool> done = false;
  const pthread_t main_thread = pthread_self();
  std::thread sender([&] {
    while (!done) {
      pthread_kill(main_thread, SIGUSR1);
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  bool same = true;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (std::chrono::steady_clock::now() < end) same = at::equal(linear_map(x, weight), expected) && same;
  done = true;
  sender.join();
  EXPECT_TRUE(same);
}

TEST(StopSignalDeathTest, BeforeTheFirstOneASignalIsAnOrderlyEnd) {
  for (const int number : {SIGTERM, SIGINT, SIGUSR1}) {
    const auto signalled = [&] {
      exit_on_signals();
      std::raise(number);
    };
    EXPECT_EXIT(signalled(), ::testing::ExitedWithCode(3), "stopped");
  }
}

TEST(StopSignalDeathTest, ASecondInterruptEndsTheProcess) {
  const auto interrupted_twice = [] {
    const StopSignal signal;
    std::raise(SIGINT);
    std::raise(SIGINT);
  };
  EXPECT_EXIT(interrupted_twice(), ::testing::ExitedWithCode(130), "");
}

TEST(StopSignalDeathTest, AfterwardsSignalsMeanWhatTheyMeantBefore) {
  const auto after = [] {
    { const StopSignal signal; }
    std::raise(SIGTERM);
  };
  EXPECT_EXIT(after(), ::testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace prelude
