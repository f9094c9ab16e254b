#include "launch/session.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace prelude {
namespace {

TEST(Session, SettlesWhatIsLeftOpen) {
  SessionOptions options;
  const auto session = open_session(options);
  EXPECT_FALSE(options.device.empty());
  EXPECT_FALSE(options.dtype.empty());
  EXPECT_GE(options.threads, 1);
  EXPECT_EQ(session.threads, options.threads);
}

TEST(Session, TakesWhatIsGiven) {
  SessionOptions options{"cpu", "bfloat16", 1};
  const auto session = open_session(options);
  EXPECT_TRUE(session.device.is_cpu());
  EXPECT_EQ(session.dtype, at::kBFloat16);
  EXPECT_EQ(at::get_num_threads(), 1);
}

#ifndef PRELUDE_CUDA
TEST(Session, CudaNeedsABuildWithIt) {
  SessionOptions options{"cuda", "", 0};
  try {
    open_session(options);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(),
                 "--device cuda: this build has no CUDA; build the preset cuda-release, or use --device cpu");
  }
}
#endif

}  // namespace
}  // namespace prelude
