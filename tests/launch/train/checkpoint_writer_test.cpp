#include "launch/train/checkpoint_writer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <vector>

namespace prelude {
namespace {

using std::chrono::milliseconds;

TEST(CheckpointWriter, WritesInOrderWhileTheCallerGoesOn) {
  std::vector<int> written;
  std::promise<void> go;
  auto gone = go.get_future().share();
  CheckpointWriter writer;
  writer.start([&] {
    gone.wait();
    written.push_back(0);
  });
  EXPECT_TRUE(written.empty());  // start came back before the job was done
  go.set_value();
  for (int k = 1; k < 20; ++k) writer.start([&written, k] { written.push_back(k); });
  writer.finish();
  ASSERT_EQ(written.size(), 20U);
  for (int k = 0; k < 20; ++k) EXPECT_EQ(written[static_cast<std::size_t>(k)], k);
}

TEST(CheckpointWriter, OneJobAtATime) {
  std::atomic<int> under_way{0};
  std::atomic<int> most{0};
  CheckpointWriter writer;
  for (int k = 0; k < 10; ++k) {
    writer.start([&] {
      most = std::max(most.load(), ++under_way);
      std::this_thread::sleep_for(milliseconds(1));
      --under_way;
    });
  }
  writer.finish();
  EXPECT_EQ(most, 1);
}

TEST(CheckpointWriter, WhatAJobThrowsReachesTheNextCallOnce) {
  CheckpointWriter writer;
  writer.start([] { throw std::runtime_error("disk full"); });
  EXPECT_THROW(writer.finish(), std::runtime_error);
  EXPECT_NO_THROW(writer.finish());
  writer.start([] { throw std::runtime_error("disk full"); });
  bool ran = false;
  EXPECT_THROW(writer.start([&] { ran = true; }), std::runtime_error);
  EXPECT_FALSE(ran);
}

TEST(CheckpointWriter, EndsAfterTheJobUnderWay) {
  std::atomic<bool> done{false};
  {
    CheckpointWriter writer;
    writer.start([&] {
      std::this_thread::sleep_for(milliseconds(20));
      done = true;
    });
  }
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace prelude
