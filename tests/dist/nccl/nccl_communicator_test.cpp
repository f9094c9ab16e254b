// The communicator on a device and a NCCL that do what the test says.
#include "dist/nccl/nccl_communicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include "core/error.h"
#include "dist/self_communicator.h"
#include "tests/dist/nccl/fake_nccl.h"

namespace prelude {
namespace {

using test::FakeNccl;
using testing::HasSubstr;

void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// Whether `condition` comes true in time.
template <typename Condition>
bool comes(const Condition& condition) {
  for (int i = 0; i < 2000 && !condition(); ++i) sleep_s(0.005);
  return condition();
}

std::string said(const std::function<void()>& action) {
  try {
    action();
  } catch (const CollectiveError& error) {
    return error.what();
  }
  return "nothing thrown";
}

class NcclCommunicatorTest : public testing::Test {
 protected:
  std::unique_ptr<Communicator> start(double patience = 30) {
    return start_nccl(host_, {fake_, recorder_, patience, /*longest_end=*/0.3});
  }
  void sum(Communicator& ranks) const {
    at::Tensor tensor = at::ones({7});
    ranks.all_reduce_sum(tensor);
  }
  GroupState group(const std::string& name) const {
    for (const GroupState& group : recorder_.state().groups) {
      if (group.name == name) return group;
    }
    return {};
  }
  bool all_done(const std::string& name) const {
    const GroupState state = group(name);
    return state.finished == state.sequence;
  }
  bool waits_in(const std::string& what) const {
    const RankState state = recorder_.state();
    return state.waits_in() != nullptr && describe(state, *state.waits_in()) == what;
  }

  SelfCommunicator host_;
  FlightRecorder recorder_;
  std::shared_ptr<FakeNccl> fake_ = std::make_shared<FakeNccl>(2, 4);
};

TEST_F(NcclCommunicatorTest, KnowsItsPlace) {
  const auto ranks = start();
  EXPECT_EQ(ranks->rank(), 2);
  EXPECT_EQ(ranks->size(), 4);
  EXPECT_EQ(ranks->all_gather(at::ones({3, 5})).sizes(), at::IntArrayRef({4, 3, 5}));
}

// The last call of all ends too: no other has to come.
TEST_F(NcclCommunicatorTest, ACallEndsWhenTheDeviceHasDoneIt) {
  std::atomic<bool> done{false};
  fake_->completes = [&](int, int) { return done.load(); };
  const auto ranks = start();
  sum(*ranks);
  EXPECT_TRUE(comes([&] { return waits_in("all-reduce 2 of world (7 float32)"); }));
  done = true;
  EXPECT_TRUE(comes([&] { return !recorder_.waiting_since() && all_done("world"); }));
  EXPECT_EQ(recorder_.state().waiting_ms, -1);
}

// A long product stands before it in the stream: nobody has been waited for.
TEST_F(NcclCommunicatorTest, ADeviceThatComputesDoesNotWait) {
  std::atomic<bool> computed{false};
  std::atomic<bool> summed{false};
  fake_->completes = [&](int, int) { return summed.load(); };
  const auto ranks = start();
  fake_->compute([&] { return computed.load(); });
  sum(*ranks);
  sleep_s(0.2);
  EXPECT_FALSE(recorder_.waiting_since());
  EXPECT_FALSE(all_done("world"));
  const Moment before = now();
  computed = true;
  EXPECT_TRUE(comes([&] { return recorder_.waiting_since().has_value(); }));
  EXPECT_GE(*recorder_.waiting_since(), before);
  summed = true;
  EXPECT_TRUE(comes([&] { return all_done("world"); }));
}

TEST_F(NcclCommunicatorTest, ACallOnTheSideStreamIsWaitedForByTheCurrentOne) {
  std::atomic<bool> done{false};
  fake_->completes = [&](int, int) { return done.load(); };
  const auto ranks = start();
  const at::Tensor mine = at::ones({3});
  const at::Tensor all = at::zeros({4, 3});
  const auto begun = ranks->begin_all_gather(mine, all);
  EXPECT_TRUE(comes([&] { return waits_in("all-gather 2 of world (3 float32)"); }));
  EXPECT_TRUE(fake_->stream_done());  // beside what the current stream computes
  EXPECT_FALSE(begun->advance());
  begun->finish();
  EXPECT_FALSE(fake_->stream_done());
  done = true;
  EXPECT_TRUE(begun->advance());
  EXPECT_TRUE(fake_->stream_done());
}

// The side stream's collective waits for what the current stream had before it.
TEST_F(NcclCommunicatorTest, TheSideStreamBeginsAfterTheCurrentOne) {
  std::atomic<bool> computed{false};
  const auto ranks = start();
  fake_->compute([&] { return computed.load(); });
  const auto begun = ranks->begin_all_reduce(at::ones({3}));
  EXPECT_FALSE(begun->advance());
  computed = true;
  EXPECT_TRUE(begun->advance());
}

TEST_F(NcclCommunicatorTest, ACommunicatorsCallsEndThoughAnothersHang) {
  std::atomic<bool> release{false};
  fake_->completes = [&](int comm, int) { return comm != 1 || release; };
  const auto ranks = start();
  const auto data = ranks->split(1, "data");
  const auto tensor = ranks->split(3, "tensor");
  const auto begun = data->begin_all_reduce(at::ones({9}));  // on its own stream, so that the others are not behind it
  for (int i = 0; i < 3; ++i) sum(*tensor);
  EXPECT_TRUE(comes([&] { return all_done("tensor") && all_done("world"); }));
  EXPECT_TRUE(comes([&] { return waits_in("all-reduce 1 of data[1] (9 float32)"); }));
  EXPECT_EQ(group("data").finished, 0U);
  release = true;
  EXPECT_TRUE(comes([&] { return all_done("data") && !recorder_.waiting_since(); }));
}

TEST_F(NcclCommunicatorTest, OfHundredsInTheQueueTheOldestIsNamed) {
  std::atomic<int> done{0};
  fake_->completes = [&](int, int call) { return call < done; };
  const auto ranks = start();
  for (int i = 0; i < 900; ++i) sum(*ranks);
  EXPECT_TRUE(comes([&] { return waits_in("all-reduce 2 of world (7 float32)"); }));
  done = 500;
  EXPECT_TRUE(comes([&] { return waits_in("all-reduce 502 of world (7 float32)"); }));
  done = 900;
  EXPECT_TRUE(comes([&] { return all_done("world"); }));
}

TEST_F(NcclCommunicatorTest, AFailingCallIsACollectiveErrorWithNcclsText) {
  const auto ranks = start();
  fake_->call_result = 3;
  at::Tensor tensor = at::ones({2});
  EXPECT_THROW(ranks->all_reduce_sum(tensor), CollectiveError);
  EXPECT_EQ(said([&] { ranks->broadcast(tensor, 0); }), "ncclBroadcast: failure 3 of the fake");
  EXPECT_EQ(said([&] { ranks->all_gather(tensor); }), "ncclAllGather: failure 3 of the fake");
}

TEST_F(NcclCommunicatorTest, AFailureThatComesByItselfIsHeardOfWithoutACall) {
  const auto ranks = start();
  const auto data = ranks->split(1, "data");
  sum(*data);
  sleep_s(0.1);
  EXPECT_FALSE(recorder_.failed());
  fake_->async_failure = 6;
  EXPECT_TRUE(comes([&] { return recorder_.failed(); }));
  EXPECT_THAT(recorder_.state().failure, testing::MatchesRegex("NCCL of (world|data.1.): failure 6 of the fake"));
}

TEST_F(NcclCommunicatorTest, ADeviceThatFailsIsHeardOf) {
  fake_->completes = [](int, int) { return false; };
  const auto ranks = start();
  sum(*ranks);
  fake_->device_fails = true;
  EXPECT_TRUE(comes([&] { return recorder_.failed(); }));
  EXPECT_EQ(recorder_.state().failure, "NCCL of world: the device fell off the bus");
}

// The watchdog judges; NCCL's own patience is the last resort where there is none.
TEST_F(NcclCommunicatorTest, ACallThatIsNotTakenUpIsWaitedForAndThenGivenUp) {
  std::atomic<bool> taken_up{true};
  fake_->taken_up = [&] { return taken_up.load(); };
  const auto ranks = start(/*patience=*/1);
  taken_up = false;
  std::atomic<bool> seen{false};
  std::thread other([&] { seen = comes([&] { return waits_in("all-reduce 2 of world (7 float32)"); }); });
  const Moment start = now();
  EXPECT_EQ(said([&] { sum(*ranks); }), "ncclAllReduce: not taken up within 1 s");
  EXPECT_GE(seconds_since(start), 1);
  other.join();
  EXPECT_TRUE(seen);
  taken_up = true;
}

TEST_F(NcclCommunicatorTest, ACallThatIsTakenUpLateIsFine) {
  std::atomic<bool> taken_up{true};
  fake_->taken_up = [&] { return taken_up.load(); };
  const auto ranks = start();
  taken_up = false;
  std::thread peer([&] {
    sleep_s(0.2);
    taken_up = true;
  });
  sum(*ranks);
  peer.join();
  EXPECT_TRUE(comes([&] { return all_done("world") && !recorder_.waiting_since(); }));
}

TEST_F(NcclCommunicatorTest, ANewGroupIsNoted) {
  const auto ranks = start();
  const RankState begun = recorder_.state();
  EXPECT_EQ(describe(begun, begun.records.back()), "new group 1 of world");
  const auto part = ranks->split(5, "tensor");
  EXPECT_TRUE(comes([&] { return all_done("world"); }));
  const RankState state = recorder_.state();
  EXPECT_EQ(describe(state, state.records.back()), "new group 2 of world");
  EXPECT_EQ(state.groups.back().name, "tensor");
  EXPECT_EQ(state.groups.back().color, 5);
}

TEST_F(NcclCommunicatorTest, EndsInOrder) {
  start();
  EXPECT_EQ(fake_->ends(), "finalize destroy");
}

TEST_F(NcclCommunicatorTest, EndsByForceWhileAnExceptionIsOnItsWay) {
  fake_->completes = [](int, int) { return false; };
  const auto fails = [&] {
    const auto ranks = start();
    sum(*ranks);
    throw CollectiveError("another rank is gone");
  };
  EXPECT_THROW(fails(), CollectiveError);
  EXPECT_EQ(fake_->ends(), "abort");
}

// A kernel hangs: finalize does not come to its end.
TEST_F(NcclCommunicatorTest, AHungDeviceIsAborted) {
  fake_->completes = [](int, int) { return false; };
  fake_->finalize_settles = false;
  const Moment began = now();
  {
    const auto ranks = start();
    sum(*ranks);
  }
  EXPECT_LT(seconds_since(began), 8);
  EXPECT_EQ(fake_->ends(), "finalize abort");
}

TEST_F(NcclCommunicatorTest, WhatCannotBeFinalizedIsAborted) {
  fake_->finalize_result = 2;
  start();
  EXPECT_EQ(fake_->ends(), "finalize abort");
}

// Destroyed or not, NCCL has freed it: an abort would touch what is gone.
TEST_F(NcclCommunicatorTest, AFailedDestroyIsTheEnd) {
  fake_->destroy_result = 3;
  start();
  EXPECT_EQ(fake_->ends(), "finalize destroy");
}

TEST_F(NcclCommunicatorTest, ADestroyThatHangsIsLeftBehind) {
  fake_->destroy_hangs = true;
  const Moment began = now();
  start();
  EXPECT_LT(seconds_since(began), 8);
  EXPECT_EQ(fake_->ends(), "finalize destroy");
  fake_->destroy_hangs = false;  // the thread ends
}

TEST_F(NcclCommunicatorTest, RefusesTensorsOfAnotherPlaceOrForm) {
  const auto ranks = start();
  at::Tensor elsewhere = at::empty({2}, at::kMeta);
  at::Tensor column = at::zeros({4, 4}).select(1, 0);
  EXPECT_THROW(ranks->all_reduce_sum(elsewhere), InternalError);
  EXPECT_THROW(ranks->all_reduce_sum(column), InternalError);
  EXPECT_THROW(ranks->begin_all_gather(at::ones({3}), at::ones({5, 3})), InternalError);
}

}  // namespace
}  // namespace prelude
