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
  view.state.groups = {{"world", kNoColor, sequence}};
  for (std::uint64_t i = sequence > 3 ? sequence - 3 : 1; i <= sequence; ++i) {
    view.state.records.push_back({0, Operation::all_reduce, i < sequence || !waits, i, 1000, "float32", 41});
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
  for (RankView& view : views) view.state.groups.push_back({"tensor", 0, 5});
  views[1] = rank_at(8, false);
  views[1].state.waiting_ms = kWaited;
  views[1].state.groups.push_back({"tensor", 0, 6});
  views[1].state.records.push_back({1, Operation::barrier, false, 6, 0, "", 41});
  const auto finding = find_standstill(views, kTimeout);
  EXPECT_THAT(finding->culprits, ElementsAre(1));
  EXPECT_THAT(finding->summary, HasSubstr("in barrier 6 of tensor[0] for 10.0 s"));
}

TEST(AnalysisTest, OnlyRanksOfTheSameGroupAreCompared) {
  auto views = ranks_in(4, 9);
  for (std::size_t rank = 0; rank < views.size(); ++rank) {
    RankState& state = views[rank].state;
    state.groups.push_back({"tensor", static_cast<std::int64_t>(rank / 2), 1});
    state.records.insert(state.records.begin(), {1, Operation::all_reduce, true, 1, rank < 2 ? 10 : 20, "float32", 41});
  }
  EXPECT_FALSE(find_mismatch(views));
  views[3].state.records[0].dtype = "bfloat16";
  EXPECT_THAT(find_mismatch(views)->culprits, ElementsAre(2, 3));  // one against one
}

TEST(AnalysisTest, TheMinorityIsMistaken) {
  auto views = ranks_in(5, 9);
  views[0].state.records.back().operation = Operation::barrier;
  views[4].state.records.back().count = 7;
  const auto finding = find_mismatch(views);
  EXPECT_THAT(finding->culprits, ElementsAre(0, 4));
  EXPECT_EQ(finding->summary,
            "rank 0 on host called barrier 9 of world at step 41, but ranks 1 on host, 2 on host and 3 on host called "
            "all-reduce 9 of world (1000 float32) at step 41");
  views[0].state.records.back().operation = Operation::all_reduce;
  views[4].state.records.back().count = kAnyCount;
  EXPECT_FALSE(find_mismatch(views));
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
