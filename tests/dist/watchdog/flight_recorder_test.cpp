#include "dist/watchdog/flight_recorder.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/error.h"

namespace prelude {
namespace {

TEST(FlightRecorderTest, KnowsNothingAtFirst) {
  const FlightRecorder recorder;
  const RankState state = recorder.state();
  EXPECT_EQ(state.step, kBeforeFirstStep);
  EXPECT_EQ(state.waiting_ms, -1);
  EXPECT_TRUE(state.records.empty());
  EXPECT_EQ(describe_position(state), "before the first step, no collective so far");
  EXPECT_FALSE(recorder.waiting_since());
}

TEST(FlightRecorderTest, CountsEachCommunicatorForItself) {
  FlightRecorder recorder;
  const std::size_t world = recorder.group("world");
  const std::size_t tensor = recorder.group("tensor", 3);
  recorder.end(world, recorder.begin(world, Operation::new_group, 0, ""));
  recorder.end(tensor, recorder.begin(tensor, Operation::all_gather, 12, "bfloat16"));
  recorder.set_step(7);
  const std::uint64_t sequence = recorder.begin(world, Operation::all_reduce, 76802, "float32");
  recorder.set_waiting(world, now());
  RankState state = recorder.state();
  ASSERT_EQ(state.records.size(), 3U);
  EXPECT_EQ(describe(state, state.records[0]), "new group 1 of world");
  EXPECT_EQ(describe(state, state.records[1]), "all-gather 1 of tensor[3] (12 bfloat16)");
  EXPECT_EQ(state.records[1].step, kBeforeFirstStep);
  EXPECT_EQ(describe_position(state), "at step 7, in all-reduce 2 of world (76802 float32) for 0.0 s");
  EXPECT_TRUE(recorder.waiting_since());
  recorder.end(world, sequence);
  state = recorder.state();
  EXPECT_EQ(describe_position(state), "at step 7, in no collective, after all-reduce 2 of world (76802 float32)");
  EXPECT_EQ(state.groups[world].sequence, 2U);
  EXPECT_EQ(state.groups[world].finished, 2U);
  EXPECT_FALSE(recorder.waiting_since());
}

TEST(FlightRecorderTest, SaysTheNewestOfAllAndTheOldestUnfinishedOfEach) {
  FlightRecorder recorder;
  const std::size_t world = recorder.group("world");
  const std::size_t tensor = recorder.group("tensor", 0);
  recorder.begin(world, Operation::all_reduce, 5, "int64");
  recorder.begin(world, Operation::all_reduce, 6, "int64");
  for (int i = 0; i < 900; ++i) recorder.begin(tensor, Operation::all_reduce, i, "float32");
  recorder.end(tensor, 300);
  const RankState state = recorder.state();
  ASSERT_EQ(state.records.size(), FlightRecorder::kNewest + 2);
  EXPECT_EQ(state.records[0].group, world);
  EXPECT_EQ(state.records[0].count, 5);
  EXPECT_EQ(state.records[1].group, tensor);
  EXPECT_EQ(state.records[1].sequence, 301U);
  EXPECT_EQ(state.records[1].phase, Phase::begun);
  EXPECT_EQ(state.records.back().sequence, 900U);
  EXPECT_EQ(state.records[2].sequence, 900 - FlightRecorder::kNewest + 1);
}

TEST(FlightRecorderTest, WhatIsBegunIsNotWaitedForUntilSomebodyWaits) {
  FlightRecorder recorder;
  const std::size_t world = recorder.group("world");
  recorder.begin(world, Operation::all_reduce, 1, "float32");
  EXPECT_FALSE(recorder.waiting_since());
  EXPECT_EQ(recorder.state().waits_in(), nullptr);
  EXPECT_EQ(describe_position(recorder.state()), "before the first step, no collective so far");
  const Moment since = now();
  recorder.set_waiting(world, since);
  EXPECT_EQ(recorder.waiting_since(), since);
  recorder.set_waiting(world, std::nullopt);
  EXPECT_FALSE(recorder.waiting_since());
}

TEST(FlightRecorderTest, SeveralInFlightFinishInOrder) {
  FlightRecorder recorder;
  const std::size_t world = recorder.group("world");
  const std::uint64_t first = recorder.begin(world, Operation::all_reduce, 1, "float32");
  const std::uint64_t second = recorder.begin(world, Operation::all_reduce, 2, "float32");
  recorder.set_waiting(world, now());
  EXPECT_EQ(recorder.state().waits_in()->count, 1);
  recorder.end(world, first);
  EXPECT_FALSE(recorder.waiting_since());
  recorder.set_waiting(world, now());
  EXPECT_EQ(recorder.state().waits_in()->count, 2);
  recorder.end(world, second);
  recorder.end(world, first);  // late word of what is finished already
  EXPECT_EQ(recorder.state().waits_in(), nullptr);
  EXPECT_EQ(recorder.state().groups[world].finished, 2U);
}

// A bucket of a gradient is under way while the tensor-parallel ranks' collectives begin and end.
TEST(FlightRecorderTest, ACommunicatorsEndSaysNothingOfAnothers) {
  FlightRecorder recorder;
  const std::size_t data = recorder.group("data", 0);
  const std::size_t tensor = recorder.group("tensor", 0);
  const std::uint64_t bucket = recorder.begin(data, Operation::all_reduce, 1000, "float32");
  recorder.begin(data, Operation::all_reduce, 2000, "float32");
  for (int i = 0; i < 40; ++i) const InFlight one(recorder, tensor, Operation::all_reduce, 8, "float32");
  EXPECT_EQ(recorder.state().waits_in(), nullptr);
  EXPECT_EQ(recorder.state().groups[data].finished, 0U);
  recorder.set_waiting(data, now());
  const RankState state = recorder.state();
  ASSERT_NE(state.waits_in(), nullptr);
  EXPECT_EQ(state.waits_in()->sequence, bucket);
  EXPECT_EQ(state.waits_in()->count, 1000);
  EXPECT_EQ(state.groups[data].sequence, 2U);
}

TEST(FlightRecorderTest, OfTwoWaitsTheLongerCounts) {
  FlightRecorder recorder;
  const std::size_t data = recorder.group("data", 0);
  const std::size_t tensor = recorder.group("tensor", 0);
  recorder.begin(data, Operation::all_reduce, 1, "float32");
  recorder.begin(tensor, Operation::all_reduce, 2, "float32");
  const Moment earlier = later(now(), -7);
  recorder.set_waiting(data, now());
  recorder.set_waiting(tensor, earlier);
  EXPECT_EQ(recorder.waiting_since(), earlier);
  EXPECT_EQ(recorder.state().waits_in()->count, 2);
  EXPECT_GE(recorder.state().waiting_ms, 7000);
}

TEST(FlightRecorderTest, TheFirstFailureCounts) {
  FlightRecorder recorder;
  EXPECT_FALSE(recorder.failed());
  recorder.fail("a link is broken");
  recorder.fail("and so is another");
  EXPECT_TRUE(recorder.failed());
  EXPECT_EQ(recorder.state().failure, "a link is broken");
}

TEST(FlightRecorderTest, ACommunicatorMadeAgainGoesOnCounting) {
  FlightRecorder recorder;
  for (int i = 0; i < 2; ++i) {
    const InFlight one(recorder, recorder.group("data", 1), Operation::new_group, 0, "");
  }
  EXPECT_EQ(recorder.state().groups.size(), 1U);
  EXPECT_EQ(recorder.state().records.back().sequence, 2U);
}

TEST(FlightRecorderTest, RefusesMoreGroupsThanItHolds) {
  FlightRecorder recorder;
  EXPECT_THROW(recorder.group("a name that is too long"), InternalError);
  for (std::size_t i = 0; i < FlightRecorder::kGroups; ++i) recorder.group("g", static_cast<std::int64_t>(i));
  EXPECT_THROW(recorder.group("one more"), InternalError);
}

TEST(FlightRecorderTest, IsReadWholeWhileItIsWritten) {
  FlightRecorder recorder;
  const std::size_t even = recorder.group("even");
  const std::size_t odd = recorder.group("odd");
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::int64_t i = 0; !stop; ++i) {
      recorder.set_step(i);
      const bool is_odd = i % 2 == 1;
      const InFlight one(recorder, is_odd ? odd : even, is_odd ? Operation::broadcast : Operation::new_group, i,
                         is_odd ? "int64" : "float32");
    }
  });
  for (int round = 0; round < 20000; ++round) {
    const RankState state = recorder.state();
    for (const CollectiveRecord& record : state.records) {
      const bool is_odd = record.count % 2 == 1;
      ASSERT_EQ(record.step, record.count);
      ASSERT_EQ(record.sequence, static_cast<std::uint64_t>(record.count / 2 + 1));
      ASSERT_EQ(record.group, is_odd ? odd : even);
      ASSERT_EQ(record.dtype, is_odd ? "int64" : "float32");
      ASSERT_LE(record.sequence, state.groups[record.group].sequence);
    }
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace prelude
