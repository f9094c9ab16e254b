#include "launch/process_age.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace prelude::test {
namespace {

using Clock = std::chrono::steady_clock;
const Clock::time_point libraries_are_loaded = Clock::now();

double seconds_since_loading() { return std::chrono::duration<double>(Clock::now() - libraries_are_loaded).count(); }

TEST(ProcessAge, HoldsTheLoadingOfLibrariesAndGrowsWithTime) {
  constexpr double tick = 0.01;
  const auto first = process_age();
  ASSERT_TRUE(first.has_value());
  EXPECT_GE(*first, seconds_since_loading() - tick);
  EXPECT_LE(*first, seconds_since_loading() + 60);  // in seconds, not in ticks; of this boot
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto second = process_age();
  ASSERT_TRUE(second.has_value());
  EXPECT_GE(*second - *first, 0.05);
  EXPECT_LE(*second, seconds_since_loading() + 60);
}

}  // namespace
}  // namespace prelude::test
