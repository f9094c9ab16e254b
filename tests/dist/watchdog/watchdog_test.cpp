// Jobs of real processes in which one rank is stopped, killed, slow or mistaken.
#include "dist/watchdog/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "tests/dist/watchdog/fake_job.h"

namespace prelude {
namespace {

using test::fake_host;
using test::FakeJob;
using test::FakeRank;
using test::RankEnd;
using testing::HasSubstr;
using testing::MatchesRegex;

constexpr int kRanks = 4;
constexpr double kTimeout = 1;  // seconds
constexpr double kPatience = 6;

void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

std::string on(int rank) { return "rank " + std::to_string(rank) + " on " + fake_host(rank); }

// All but `culprit` ended by themselves with code 1 in time; with PRELUDE_SHOW set, what they said is printed.
void expect_ended(const std::vector<RankEnd>& ends, int culprit, double within_s) {
  for (int rank = 0; rank < static_cast<int>(ends.size()); ++rank) {
    const RankEnd& end = ends[static_cast<std::size_t>(rank)];
    if (std::getenv("PRELUDE_SHOW") != nullptr) std::cout << "[" << end.after_s << " s] " << end.errors;
    if (rank == culprit) continue;
    EXPECT_TRUE(end.ended) << "rank " << rank;
    EXPECT_EQ(end.code, 1) << "rank " << rank << ": " << end.errors;
    EXPECT_LT(end.after_s, within_s) << "rank " << rank << ": " << end.errors;
    EXPECT_THAT(end.errors, HasSubstr("prelude: error: "));
  }
}

class OneOfFour : public testing::TestWithParam<int> {};
class ZeroOrAnother : public testing::TestWithParam<int> {};

TEST_P(ZeroOrAnother, StoppedIsNamedWithinASecondOfTheTimeout) {
  const int culprit = GetParam();
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) { self.train(); });
  sleep_s(0.3);
  job.send(culprit, SIGSTOP);
  job.mark();
  const auto ends = job.wait(kPatience, culprit);
  expect_ended(ends, culprit, kTimeout + 1);
  const int witness = culprit == 0 ? 1 : 0;
  EXPECT_THAT(ends[static_cast<std::size_t>(witness)].errors, HasSubstr(on(culprit) + " did not answer"));
  EXPECT_THAT(ends[static_cast<std::size_t>(witness)].errors, HasSubstr(" of world (1000 float32)"));
  EXPECT_THAT(ends[static_cast<std::size_t>(witness)].errors, HasSubstr("at step "));
  job.send(culprit, SIGCONT);  // as a launcher does before it ends a process
  const RankEnd late = job.wait(2 * kPatience)[static_cast<std::size_t>(culprit)];
  EXPECT_EQ(late.code, 1);
  EXPECT_THAT(late.errors, HasSubstr(on(culprit) + (culprit == 0 ? " stood still for " : " did not answer")));
}

// No rank waits in a collective: they compute, each for itself.
TEST_P(ZeroOrAnother, StoppedIsNamedThoughNobodyWaitsForIt) {
  const int culprit = GetParam();
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) {
    self.all_reduce();
    sleep_s(60);
  });
  sleep_s(0.3);
  job.send(culprit, SIGSTOP);
  job.mark();
  const auto ends = job.wait(kPatience, culprit);
  expect_ended(ends, culprit, kTimeout + 1);
  const int witness = culprit == 0 ? 1 : 0;
  EXPECT_THAT(ends[static_cast<std::size_t>(witness)].errors, HasSubstr(on(culprit) + " did not answer"));
  EXPECT_THAT(ends[static_cast<std::size_t>(witness)].errors,
              HasSubstr("in no collective, after all-reduce 1 of world"));
}

TEST(WatchdogTest, AShortStopIsForgiven) {
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) {
    self.all_reduce();
    sleep_s(2);
    self.all_reduce();
  });
  sleep_s(0.3);
  job.send(2, SIGSTOP);
  sleep_s(0.8 * kTimeout);
  job.send(2, SIGCONT);
  for (const RankEnd& end : job.wait(kPatience)) {
    EXPECT_EQ(end.code, 0) << end.errors;
    EXPECT_EQ(end.errors, "");
  }
}

// What a communicator's library notices by itself: a broken link, a device that failed.
TEST(WatchdogTest, AFailureOfALibraryEndsTheJobAtOnce) {
  FakeJob job(kRanks, 600, [](FakeRank& self) {
    self.recorder.set_step(5);
    self.all_reduce();
    if (self.rank == 2) self.recorder.fail("NCCL of world: a link is broken");
    sleep_s(60);
  });
  const auto ends = job.wait(kPatience);
  expect_ended(ends, -1, 2);
  EXPECT_THAT(ends[0].errors, HasSubstr("rank 2 on n2: NCCL of world: a link is broken, at step 5, in no collective"));
}

// A command that is over at once: rank 0 leaves before it has heard anything of the others.
TEST(WatchdogTest, RanksMayLeaveAtOnce) {
  for (int round = 0; round < 20; ++round) {
    FakeJob job(kRanks, kTimeout, [](FakeRank& self) { self.all_reduce(); });
    for (const RankEnd& end : job.wait(kPatience)) {
      EXPECT_EQ(end.code, 0) << end.errors;
      EXPECT_EQ(end.errors, "");
    }
  }
}

// Rank 0 may wait until the others have gone; who is stopped on the way out is named.
TEST(WatchdogTest, Rank0HearsWhenTheOthersHaveLeft) {
  for (const bool stops : {false, true}) {
    FakeJob job(
        kRanks, kTimeout,
        [=](FakeRank& self) {
          self.all_reduce();
          sleep_s(0.2 * self.rank);
          if (stops && self.rank == 2) ::raise(SIGSTOP);
        },
        /*rank_0_is_last=*/true);
    const auto ends = job.wait(kPatience, stops ? 2 : -1);
    if (stops) {
      EXPECT_EQ(ends[0].code, 1);
      EXPECT_THAT(ends[0].errors, HasSubstr("rank 2 on n2 did not answer"));
      continue;
    }
    for (const RankEnd& end : ends) EXPECT_EQ(end.code, 0) << end.errors;
    EXPECT_GE(ends[0].after_s, 0.6);
  }
}

// Rank 0 has left in order; nobody else would say it.
TEST(WatchdogTest, AFailureIsSaidWithoutRank0) {
  FakeJob job(2, 600, [](FakeRank& self) {
    self.all_reduce();
    if (self.rank == 0) return;
    sleep_s(0.5);
    self.recorder.fail("NCCL of world: a link is broken");
    sleep_s(60);
  });
  const auto ends = job.wait(kPatience);
  EXPECT_EQ(ends[0].code, 0) << ends[0].errors;
  EXPECT_EQ(ends[1].code, 1);
  EXPECT_THAT(ends[1].errors,
              HasSubstr("rank 1 on n1 ends: NCCL of world: a link is broken; rank 0 on n1 left the job"));
}

TEST_P(OneOfFour, KilledIsNamedWithinASecond) {
  const int culprit = GetParam();
  FakeJob job(kRanks, 600, [](FakeRank& self) { self.train(); });
  sleep_s(0.3);
  job.send(culprit, SIGKILL);
  job.mark();
  const auto ends = job.wait(kPatience, culprit);
  expect_ended(ends, culprit, 1);
  for (int rank = 0; rank < kRanks; ++rank) {
    if (rank == culprit) continue;
    EXPECT_THAT(ends[static_cast<std::size_t>(rank)].errors, HasSubstr(on(culprit) + " died"));
  }
}

INSTANTIATE_TEST_SUITE_P(WatchdogTest, OneOfFour, testing::Range(0, kRanks));
INSTANTIATE_TEST_SUITE_P(WatchdogTest, ZeroOrAnother, testing::Values(0, 2));

TEST(WatchdogTest, AHealthyJobEndsSilently) {
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) { self.train(50); });
  for (const RankEnd& end : job.wait(kPatience)) {
    EXPECT_EQ(end.code, 0) << end.errors;
    EXPECT_EQ(end.errors, "");
  }
}

TEST(WatchdogTest, RanksMayLeaveInAnyOrder) {
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) {
    self.train(3);
    sleep_s(0.3 * ((self.rank + 1) % 3));
  });
  for (const RankEnd& end : job.wait(kPatience)) {
    EXPECT_EQ(end.code, 0) << end.errors;
    EXPECT_EQ(end.errors, "");
  }
}

TEST(WatchdogTest, ASlowRankWithinTheTimeoutIsLeftAlone) {
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) {
    for (int step = 0; step < 2; ++step) {
      if (self.rank == step) sleep_s(0.75 * kTimeout);
      self.all_reduce();
    }
  });
  for (const RankEnd& end : job.wait(kPatience)) EXPECT_EQ(end.code, 0) << end.errors;
}

TEST(WatchdogTest, ASuspendedJobGoesOn) {
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) { self.train(80); });
  sleep_s(0.3);
  for (int rank = 0; rank < kRanks; ++rank) job.send(rank, SIGSTOP);
  sleep_s(1.5 * kTimeout);
  for (int rank = 0; rank < kRanks; ++rank) job.send(rank, SIGCONT);
  for (const RankEnd& end : job.wait(kPatience)) {
    EXPECT_EQ(end.code, 0) << end.errors;
    EXPECT_EQ(end.errors, "");
  }
}

TEST_P(ZeroOrAnother, LeavingDoesNotWaitLongForAStoppedRank) {
  FakeJob job(kRanks, kTimeout, [](FakeRank&) { sleep_s(0.6); });
  sleep_s(0.3);
  job.send(GetParam(), SIGSTOP);
  job.mark();
  const auto ends = job.wait(kPatience, GetParam());
  for (int rank = 0; rank < kRanks; ++rank) {
    const RankEnd& end = ends[static_cast<std::size_t>(rank)];
    if (rank == GetParam()) continue;
    EXPECT_EQ(end.code, 0) << end.errors;
    EXPECT_LT(end.after_s, 0.3 + 2) << "rank " << rank;
  }
}

TEST(WatchdogTest, ARankThatDoesNotComeIsNamedWithWhatItDid) {
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) {
    self.recorder.set_step(41);
    self.new_group();
    if (self.rank == 3) sleep_s(60);  // its watchdog answers all the while
    self.all_reduce(76802);
  });
  const auto ends = job.wait(kPatience);
  expect_ended(ends, -1, kTimeout + 1.5);  // with the start of the processes
  EXPECT_THAT(ends[0].errors,
              HasSubstr("rank 3 on n2 did not come: at step 41, in no collective, after new group 1 of world; "));
  EXPECT_THAT(ends[0].errors, HasSubstr("in all-reduce 2 of world (76802 float32) at step 41\n"));
}

TEST(WatchdogTest, AnotherOperationIsNamedLongBeforeTheTimeout) {
  FakeJob job(kRanks, 600, [](FakeRank& self) {
    self.all_reduce();
    if (self.rank == 2) {
      self.meet(10, Operation::new_group, 0, self.recorder.group("world"), kRanks);
    } else {
      self.all_reduce();
    }
  });
  const auto ends = job.wait(kPatience);
  expect_ended(ends, -1, 3);
  EXPECT_THAT(ends[0].errors, HasSubstr("rank 2 on n2 called new group 2 of world before the first step, but ranks "
                                        "0 on n1, 1 on n1 and 3 on n2 called all-reduce 2 of world (1000 float32)"));
}

TEST(WatchdogTest, AnotherSizeIsNamedLongBeforeTheTimeout) {
  FakeJob job(kRanks, 600, [](FakeRank& self) {
    self.recorder.set_step(7);
    self.meet(0, Operation::all_reduce, self.rank == 1 ? 999 : 1000, self.recorder.group("world"), kRanks + 1);
  });
  const auto ends = job.wait(kPatience);
  expect_ended(ends, -1, 3);
  EXPECT_THAT(ends[0].errors, HasSubstr("rank 1 on n1 called all-reduce 1 of world (999 float32) at step 7, but "));
}

TEST(WatchdogTest, ACallThatFailedAsItDifferedIsNamedThoughItsRankLeft) {
  FakeJob job(kRanks, 600, [](FakeRank& self) {
    if (self.rank == 2) {
      self.meet(10, Operation::all_reduce, 999, self.recorder.group("world"), 1);  // the library fails here
    } else {
      self.all_reduce(1000);
    }
  });
  const auto ends = job.wait(kPatience, 2);
  EXPECT_EQ(ends[2].code, 0);
  expect_ended(ends, 2, 3);
  EXPECT_THAT(ends[0].errors, HasSubstr("rank 2 on n2 called all-reduce 1 of world (999 float32)"));
}

TEST(WatchdogTest, OfGroupsThatWaitForOneAnotherTheLastIsNamed) {
  // Data groups {0, 2} and {1, 3}, tensor groups {0, 1} and {2, 3}: 0 waits for 2, which waits for 3, which computes.
  FakeJob job(kRanks, kTimeout, [](FakeRank& self) {
    const std::size_t tensor = self.recorder.group("tensor", self.rank / 2);
    const std::size_t data = self.recorder.group("data", self.rank % 2);
    if (self.rank == 3) sleep_s(60);
    self.meet(static_cast<std::size_t>(self.rank / 2), Operation::all_reduce, 5, tensor, 2);
    self.meet(static_cast<std::size_t>(10 + self.rank % 2), Operation::all_reduce, 6, data, 2);
  });
  const auto ends = job.wait(kPatience);
  expect_ended(ends, -1, kTimeout + 1.5);
  EXPECT_THAT(ends[0].errors, testing::StartsWith("prelude: error: rank 3 on n2 did not come: "));
}

}  // namespace
}  // namespace prelude
