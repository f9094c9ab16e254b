#include "dist/watchdog/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>

namespace prelude {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kTimeout = 10;
constexpr std::int64_t kWaited = 10000;

// A rank that is in collective `sequence` of the world for kWaited, or has finished it.
RankView rank_at(std::uint64_t sequence, bool waits) {
  RankView view;
  view.presence = Presence::present;
  view.host = "host";
  view.state.step = 41;
  view.state.waiting_ms = waits ? kWaited : -1;
  view.state.groups = {{"world", kNoColor, sequence, waits ? sequence - 1 : sequence}};
  for (std::uint64_t i = sequence > 3 ? sequence - 3 : 1; i <= sequence; ++i) {
    const Phase phase = i == sequence && waits ? Phase::waited_for : Phase::finished;
    view.state.records.push_back({0, Operation::all_reduce, phase, i, 1000, "float32", 41});
  }
  return view;
}

std::vector<RankView> ranks_in(std::size_t count, std::uint64_t sequence) {
  return std::vector<RankView>(count, rank_at(sequence, true));
}

TEST(AnalysisTest, FindsNothingWhereAllIsWell) {
  auto views = ranks_in(4, 9);
  for (RankView& view : views) view.state.waiting_ms = kWaited - 1;
  views[1] = rank_at(8, false);
  EXPECT_FALSE(find_death(views));
  EXPECT_FALSE(find_mismatch(views));
  EXPECT_FALSE(find_standstill(views, kTimeout));
}

TEST(AnalysisTest, NamesTheRankThatIsBehind) {
  auto views = ranks_in(4, 9);
  views[2] = rank_at(8, false);
  const auto finding = find_standstill(views, kTimeout);
  ASSERT_TRUE(finding);
  EXPECT_THAT(finding->culprits, ElementsAre(2));
  EXPECT_EQ(finding->summary,
            "rank 2 on host did not come: at step 41, in no collective, after all-reduce 8 of world (1000 float32); "
            "rank 0 on host waited 10.0 s in all-reduce 9 of world (1000 float32) at step 41");
}

TEST(AnalysisTest, ARankThatIsAheadIsInnocent) {
  auto views = ranks_in(4, 9);
  views[1] = rank_at(9, false);  // a broadcast's root, say
  views[3] = rank_at(8, false);
  EXPECT_THAT(find_standstill(views, kTimeout)->culprits, ElementsAre(3));
}

TEST(AnalysisTest, SilenceCountsBeforeLateness) {
  auto views = ranks_in(5, 9);
  views[1] = rank_at(8, false);
  views[4].answers = false;
  EXPECT_THAT(find_standstill(views, kTimeout)->culprits, ElementsAre(4));
}

// Its host has put the collective into its device's queue, but the device computes what stands before it.
TEST(AnalysisTest, ARankWhoseDeviceHasNotComeYetIsBehind) {
  auto views = ranks_in(4, 9);
  views[2].state.waiting_ms = -1;
  views[2].state.records.back().phase = Phase::begun;
  EXPECT_THAT(find_standstill(views, kTimeout)->culprits, ElementsAre(2));
}

// Rank 0 waits for rank 1 in the world; rank 1's device waits for rank 3 in a collective that stands before it.
TEST(AnalysisTest, AQueueIsFollowedToWhomItWaitsFor) {
  auto views = ranks_in(4, 9);
  for (RankView& view : views) view.state.groups.push_back({"tensor", 0, 6, 6});
  RankState& queued = views[1].state;
  queued.records.back().phase = Phase::begun;
  queued.groups[1] = {"tensor", 0, 6, 5};
  queued.records.push_back({1, Operation::all_reduce, Phase::waited_for, 6, 8, "float32", 41});
  views[3] = rank_at(8, false);
  views[3].state.groups.push_back({"tensor", 0, 5, 5});
  EXPECT_THAT(find_standstill(views, kTimeout)->culprits, ElementsAre(3));
}

TEST(AnalysisTest, SilenceIsNamedThoughNobodyWaits) {
  std::vector<RankView> views(3, rank_at(4, false));
  views[1].silent_s = 9.9;
  views[2] = RankView{};
  views[2].silent_s = 25;
  EXPECT_FALSE(find_silence(views, kTimeout, 30));
  views[2].silent_s = 31;
  EXPECT_EQ(find_silence(views, kTimeout, 30)->summary, "rank 2 on ? never reached rank 0's watchdog in 31.0 s");
  views[1].silent_s = 10.25;
  const auto finding = find_silence(views, kTimeout, 30);
  EXPECT_THAT(finding->culprits, ElementsAre(1));
  EXPECT_EQ(
      finding->summary,
      "rank 1 on host did not answer (stopped, or the host is cut off), last heard of 10.2 s ago at step 41, in no "
      "collective, after all-reduce 4 of world (1000 float32); rank 0 on host was at step 41, in no collective, "
      "after all-reduce 4 of world (1000 float32)");
  views[1].presence = Presence::left;
  views[2].presence = Presence::left;
  EXPECT_FALSE(find_silence(views, kTimeout, 30));
}

TEST(AnalysisTest, AFailureIsNamedWithItsRankOrWithWhoDoesNotAnswer) {
  auto views = ranks_in(3, 9);
  EXPECT_FALSE(find_failure(views));
  views[1].state.failure = "NCCL of world: a link is broken";
  EXPECT_THAT(find_failure(views)->culprits, ElementsAre(1));
  EXPECT_THAT(find_failure(views)->summary,
              testing::StartsWith("rank 1 on host: NCCL of world: a link is broken, at step 41, in all-reduce 9"));
  views[2].answers = false;
  EXPECT_THAT(find_failure(views)->culprits, ElementsAre(2));
  EXPECT_THAT(find_failure(views)->summary, HasSubstr("NCCL of world: a link is broken"));
}

TEST(AnalysisTest, NobodyIsNamedWhereEveryRankCame) {
  const auto finding = find_standstill(ranks_in(3, 9), kTimeout);
  ASSERT_TRUE(finding);
  EXPECT_THAT(finding->culprits, IsEmpty());
  EXPECT_THAT(finding->summary, HasSubstr("every rank of the communicator came"));
}

TEST(AnalysisTest, NamesRanksThatNeverJoinedAndThoseThatLeft) {
  auto views = ranks_in(4, 9);
  views[3] = RankView{};
  EXPECT_THAT(find_standstill(views, kTimeout)->summary, HasSubstr("rank 3 on ? never reached"));
  views[3] = rank_at(8, false);
  views[3].presence = Presence::left;
  EXPECT_THAT(find_standstill(views, kTimeout)->summary, HasSubstr("rank 3 on host left the job: at step 41"));
}

TEST(AnalysisTest, ARingOfWaitsNamesTheMinority) {
  auto views = ranks_in(4, 9);
  for (RankView& view : views) view.state.groups.push_back({"tensor", 0, 5, 5});
  views[1] = rank_at(8, false);
  views[1].state.waiting_ms = kWaited;
  views[1].state.groups.push_back({"tensor", 0, 6, 5});
  views[1].state.records.push_back({1, Operation::new_group, Phase::waited_for, 6, 0, "", 41});
  const auto finding = find_standstill(views, kTimeout);
  EXPECT_THAT(finding->culprits, ElementsAre(1));
  EXPECT_THAT(finding->summary, HasSubstr("in new group 6 of tensor[0] for 10.0 s"));
}

TEST(AnalysisTest, OnlyRanksOfTheSameGroupAreCompared) {
  auto views = ranks_in(4, 9);
  for (std::size_t rank = 0; rank < views.size(); ++rank) {
    RankState& state = views[rank].state;
    state.groups.push_back({"tensor", static_cast<std::int64_t>(rank / 2), 1, 1});
    state.records.insert(state.records.begin(),
                         {1, Operation::all_reduce, Phase::finished, 1, rank < 2 ? 10 : 20, "float32", 41});
  }
  EXPECT_FALSE(find_mismatch(views));
  views[3].state.records[0].dtype = "bfloat16";
  EXPECT_THAT(find_mismatch(views)->culprits, ElementsAre(2, 3));  // one against one
}

TEST(AnalysisTest, TheMinorityIsMistaken) {
  auto views = ranks_in(5, 9);
  views[0].state.records.back().operation = Operation::new_group;
  views[4].state.records.back().count = 7;
  const auto finding = find_mismatch(views);
  EXPECT_THAT(finding->culprits, ElementsAre(0, 4));
  EXPECT_EQ(
      finding->summary,
      "rank 0 on host called new group 9 of world at step 41, but ranks 1 on host, 2 on host and 3 on host called "
      "all-reduce 9 of world (1000 float32) at step 41");
}

TEST(AnalysisTest, TheTableOfManyRanksIsShort) {
  auto views = ranks_in(1024, 9);
  views[700] = rank_at(8, false);
  const auto started = std::chrono::steady_clock::now();
  const auto finding = find_standstill(views, kTimeout);
  EXPECT_FALSE(find_mismatch(views));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - started;
  std::cout << "analysis of 1024 ranks: " << took.count() << " ms\n";
  const std::string table = table_of(views, finding->culprits);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + 16 + 1);
  EXPECT_THAT(table, testing::StartsWith("\n* rank 700 on host: at step 41, in no collective, after all-reduce 8 of "
                                         "world (1000 float32); before: all-reduce 7 of world"));
  EXPECT_THAT(table, HasSubstr("\n  and 1007 ranks more"));
}

}  // namespace
}  // namespace prelude
