#include "launch/train/stop_signal.h"

#include <gtest/gtest.h>

#include <csignal>

namespace prelude {
namespace {

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
