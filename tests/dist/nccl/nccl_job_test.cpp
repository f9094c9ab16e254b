// Jobs of processes with a watchdog each, over NCCL communicators whose device finishes a collective once every rank's
// has come to it. No GPU, no NCCL: the fake's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "dist/nccl/nccl_communicator.h"
#include "dist/self_communicator.h"
#include "tests/dist/nccl/fake_nccl.h"
#include "tests/dist/watchdog/fake_job.h"

namespace prelude {
namespace {

using test::FakeJob;
using test::FakeNccl;
using test::FakeRank;
using test::RankEnd;
using testing::HasSubstr;

constexpr int kRanks = 4;
constexpr double kTimeout = 1;  // seconds
constexpr double kPatience = 8;

void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// A rank's device and communicator.
class OnDevice {
 public:
  // `lazily`: NCCL takes a call up only when all ranks have made it, as the first one of a communicator.
  explicit OnDevice(FakeRank& self, bool lazily = false) : shared_(self.shared()) {
    fake_ = std::make_shared<FakeNccl>(self.rank, self.size);
    fake_->came = [&shared = shared_](int, int call) { ++shared.arrived.at(static_cast<std::size_t>(call)); };
    fake_->completes = [&shared = shared_, size = self.size](int, int call) {
      return shared.arrived.at(static_cast<std::size_t>(call)) >= size;
    };
    if (lazily) fake_->taken_up = [this, size = self.size] { return shared_.done >= size * calls_; };
    ranks_ = start_nccl(host_, {fake_, self.recorder, /*patience=*/60, /*longest_end=*/1});
  }
  FakeNccl& fake() { return *fake_; }
  void all_reduce() {
    ++calls_;
    ++shared_.done;
    at::Tensor tensor = at::ones({1000});
    ranks_->all_reduce_sum(tensor);
  }
  // What a host does that reads the result.
  void wait_for_stream() const {
    while (!fake_->stream_done()) sleep_s(0.001);
  }

 private:
  test::SharedCounters& shared_;
  std::atomic<int> calls_{0};
  SelfCommunicator host_;
  std::shared_ptr<FakeNccl> fake_;
  std::unique_ptr<Communicator> ranks_;
};

void expect_in_order(const std::vector<RankEnd>& ends) {
  for (const RankEnd& end : ends) {
    EXPECT_EQ(end.code, 0) << end.errors;
    EXPECT_EQ(end.errors, "");
  }
}

void expect_ended(const std::vector<RankEnd>& ends, double within_s) {
  for (const RankEnd& end : ends) {
    EXPECT_EQ(end.code, 1) << end.errors;
    EXPECT_LT(end.after_s, within_s) << end.errors;
  }
}

// After the last collective of a step nothing is called for longer than the timeout: rank 0 writes, or a test set is
// scored.
TEST(NcclJob, AHealthyIdleJobIsLeftAlone) {
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) {
    OnDevice device(self);
    device.all_reduce();
    device.wait_for_stream();
    sleep_s(2.5 * kTimeout);
    device.all_reduce();
    device.wait_for_stream();
  });
  expect_in_order(job.wait(kPatience));
}

TEST(NcclJob, ALatePeerWithinTheTimeoutIsLeftAlone) {
  for (const bool lazily : {false, true}) {
    FakeJob job(kRanks, kTimeout, [=](FakeRank& self) {
      OnDevice device(self, lazily);
      for (int step = 0; step < 2; ++step) {
        if (self.rank == step) sleep_s(0.75 * kTimeout);
        device.all_reduce();
        device.wait_for_stream();
      }
    });
    expect_in_order(job.wait(kPatience));
  }
}

// More than the timeout of work stands in the queue before the sum of a step: its device is at it, nobody waits.
TEST(NcclJob, ALongStepIsLeftAlone) {
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) {
    OnDevice device(self);
    const Moment done = later(now(), 1.8 * kTimeout);
    device.fake().compute([done] { return now() > done; });
    device.all_reduce();
    device.wait_for_stream();
  });
  expect_in_order(job.wait(kPatience));
}

TEST(NcclJob, AHungCollectiveEndsTheJobInTimeAndNamesTheCulprit) {
  for (const bool lazily : {false, true}) {
    FakeJob job(kRanks, kTimeout, [=](FakeRank& self) {
      OnDevice device(self, lazily);
      self.recorder.set_step(41);
      device.all_reduce();
      device.wait_for_stream();
      if (self.rank == 3) sleep_s(60);
      device.all_reduce();
      device.wait_for_stream();
    });
    const auto ends = job.wait(kPatience);
    expect_ended(ends, kTimeout + 1.5);  // with the start of the processes
    EXPECT_THAT(ends[0].errors,
                HasSubstr("rank 3 on n2 did not come: at step 41, in no collective, after all-reduce 2 of "
                          "world (1000 float32); "));
    EXPECT_THAT(ends[0].errors, HasSubstr(" s in all-reduce 3 of world (1000 float32) at step 41"));
  }
}

// Its host has put the call into the queue, but its device computes something else for ever.
TEST(NcclJob, ADeviceThatDoesNotComeIsNamed) {
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) {
    OnDevice device(self);
    if (self.rank == 2) device.fake().compute([] { return false; });
    device.all_reduce();
    device.wait_for_stream();
  });
  const auto ends = job.wait(kPatience);
  expect_ended(ends, kTimeout + 1.5);
  EXPECT_THAT(ends[0].errors, HasSubstr("rank 2 on n2 did not come: "));
}

TEST(NcclJob, AStoppedRankIsNamed) {
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) {
    OnDevice device(self);
    for (int step = 0;; ++step) {
      self.recorder.set_step(step);
      device.all_reduce();
      device.wait_for_stream();
      sleep_s(0.01);
    }
  });
  sleep_s(0.5);
  job.send(1, SIGSTOP);
  job.mark();
  const auto ends = job.wait(kPatience, 1);
  for (const int rank : {0, 2, 3}) {
    EXPECT_EQ(ends[static_cast<std::size_t>(rank)].code, 1);
    EXPECT_LT(ends[static_cast<std::size_t>(rank)].after_s, kTimeout + 1);
  }
  EXPECT_THAT(ends[0].errors, HasSubstr("rank 1 on n1 did not answer"));
}

// The host reads a result that will not come: it makes no call in which NCCL could tell it.
TEST(NcclJob, ABrokenLinkEndsTheJobLongBeforeTheTimeout) {
  FakeJob job(kRanks, 600, [](FakeRank& self) {
    OnDevice device(self);
    self.recorder.set_step(7);
    device.all_reduce();
    device.wait_for_stream();
    if (self.rank == 1) sleep_s(60);
    device.all_reduce();
    if (self.rank == 3) device.fake().async_failure = 6;
    device.wait_for_stream();
  });
  const auto ends = job.wait(kPatience);
  expect_ended(ends, 3);
  EXPECT_THAT(ends[0].errors,
              HasSubstr("rank 3 on n2: NCCL of world: failure 6 of the fake, at step 7, in all-reduce 3 of "
                        "world (1000 float32)"));
}

// With a kernel that hangs: the job's end waits for no device.
TEST(NcclJob, AnExceptionEndsARankWhoseDeviceHangs) {
  FakeJob job(2, 600, [](FakeRank& self) {
    try {
      OnDevice device(self);
      device.all_reduce();
      device.wait_for_stream();
      device.fake().compute([] { return false; });
      device.all_reduce();
      throw CollectiveError("a peer is gone");
    } catch (const CollectiveError&) {
      ::_exit(7);
    }
  });
  const auto ends = job.wait(kPatience);
  int by_itself = 0;  // the other's watchdog may see the death of the first
  for (const RankEnd& end : ends) {
    EXPECT_TRUE(end.ended);
    by_itself += end.code == 7 ? 1 : 0;
    EXPECT_LT(end.after_s, 4);
  }
  EXPECT_GE(by_itself, 1);
}

}  // namespace
}  // namespace prelude
