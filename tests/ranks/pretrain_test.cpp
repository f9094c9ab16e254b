// `prelude pretrain` under mpirun: the same run on any number of ranks, stopped and continued, killed and resumed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>

#include "tests/launch/commands/pretrain_bench.h"
#include "tests/ranks/ranks.h"

namespace prelude::test {
namespace {

class PretrainOnRanks : public ::testing::Test {
 protected:
  ProgramResult pretrain(int ranks, const std::string& run, const std::vector<std::string>& more = {}) const {
    return run_ranks(ranks, bench_.arguments(run, more));
  }
  std::string prompt(const std::string& run) const { return bench_.prompt_bytes(run, "prompt"); }

  // The numbers of two prompts, relative to the largest of them.
  double difference(const std::string& a, const std::string& b) const {
    const std::string one = prompt(a);
    const std::string other = prompt(b);
    if (one.empty() || one.size() != other.size()) return 1e30;
    double largest = 0;
    double apart = 0;
    for (std::size_t at = 0; at + sizeof(float) <= one.size(); at += sizeof(float)) {
      float x = 0;
      float y = 0;
      std::memcpy(&x, one.data() + at, sizeof x);
      std::memcpy(&y, other.data() + at, sizeof y);
      largest = std::max(largest, std::abs(static_cast<double>(x)));
      apart = std::max(apart, std::abs(static_cast<double>(x) - static_cast<double>(y)));
    }
    return apart / largest;
  }

  PretrainBench bench_;
};

TEST_F(PretrainOnRanks, EveryLayoutEndsWhereOneRankEnds) {
  const std::vector<std::string> steps{"--steps", "50"};
  ASSERT_EQ(bench_.pretrain("one", steps).code, 0);
  const std::vector<std::pair<int, int>> layouts{{2, 1}, {2, 2}, {4, 1}, {4, 2}, {4, 4}, {8, 2}, {8, 4}};
  for (const auto& [ranks, tensor] : layouts) {
    const std::string run = fmt::format("r{}t{}", ranks, tensor);
    const auto result = pretrain(ranks, run, {"--steps", "50", "--tensor-parallel", std::to_string(tensor)});
    ASSERT_EQ(result.code, 0) << run << ": " << result.errors;
    EXPECT_LT(difference(run, "one"), 1e-4) << run;
  }
}

TEST_F(PretrainOnRanks, OrderedGivesTheBytesAndTheMetricsOfOneRank) {
  ASSERT_EQ(bench_.pretrain("one").code, 0);
  for (const int ranks : {2, 3, 4, 8}) {
    const std::string run = fmt::format("r{}", ranks);
    const auto result = pretrain(ranks, run, {"--reduction", "ordered"});
    ASSERT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(prompt(run), prompt("one")) << ranks;
    EXPECT_EQ(bench_.metrics(run), bench_.metrics("one")) << ranks;
  }
}

// A budget that only one or two examples fit: more micro-batches than ranks, of unequal sizes.
TEST_F(PretrainOnRanks, OrderedCutsByTokensAsOneRankDoes) {
  const std::vector<std::string> options{"--reduction", "ordered", "--steps", "12", "--micro-tokens", "70"};
  ASSERT_EQ(bench_.pretrain("one", options).code, 0);
  for (const int ranks : {2, 4}) {
    const std::string run = fmt::format("r{}", ranks);
    const auto result = pretrain(ranks, run, options);
    ASSERT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(prompt(run), prompt("one")) << ranks;
    EXPECT_EQ(bench_.metrics(run), bench_.metrics("one")) << ranks;
  }
}

TEST_F(PretrainOnRanks, ARunGoesOnOnAnotherNumberOfRanks) {
  ASSERT_EQ(bench_.pretrain("one", {"--steps", "24"}).code, 0);
  int steps = 0;
  for (const int ranks : {1, 2, 4, 1}) {
    steps += 6;
    const auto result = pretrain(ranks, "moved", {"--steps", std::to_string(steps), "--reduction", "ordered"});
    ASSERT_EQ(result.code, 0) << result.errors;
  }
  EXPECT_EQ(prompt("moved"), prompt("one"));
  // By default to rounding alone; and a model may be cut otherwise when it goes on.
  const std::vector<std::pair<int, const char*>> layouts{{1, "1"}, {4, "2"}, {2, "1"}, {2, "2"}};
  for (std::size_t k = 0; k < layouts.size(); ++k) {
    const auto& [ranks, tensor] = layouts[k];
    const auto end = fmt::format("{}", 6 * (k + 1));
    const auto result = pretrain(ranks, "rounded", {"--steps", end, "--tensor-parallel", tensor});
    ASSERT_EQ(result.code, 0) << result.errors;
  }
  EXPECT_LT(difference("rounded", "one"), 1e-4);
}

// A few positions at a time: ranks have unequal numbers of micro-batches, in validation, too.
TEST_F(PretrainOnRanks, GatheredLayersEndWhereOneRankEnds) {
  const std::vector<std::string> steps{"--steps", "20", "--micro-tokens", "70"};
  ASSERT_EQ(bench_.pretrain("one", steps).code, 0);
  for (const int ranks : {1, 2, 3, 4}) {
    const std::string run = fmt::format("r{}", ranks);
    std::vector<std::string> more = steps;
    more.insert(more.end(), {"--shard", "gather"});
    const auto result = pretrain(ranks, run, more);
    ASSERT_EQ(result.code, 0) << result.errors;
    EXPECT_NE(result.errors.find(fmt::format("each rank holds 1/{} of every layer", ranks)), std::string::npos);
    EXPECT_LT(difference(run, "one"), 1e-4) << ranks;
  }
}

TEST_F(PretrainOnRanks, ARunGoesOnWithAndWithoutGatheredLayers) {
  ASSERT_EQ(bench_.pretrain("one", {"--steps", "18"}).code, 0);
  int steps = 0;
  for (const char* shard : {"gather", "whole", "gather"}) {
    steps += 6;
    const auto result = pretrain(2, "moved", {"--steps", std::to_string(steps), "--shard", shard});
    ASSERT_EQ(result.code, 0) << result.errors;
    const bool warned = result.errors.find("--shard was ") != std::string::npos;
    EXPECT_EQ(warned, steps > 6) << result.errors;
  }
  EXPECT_LT(difference("moved", "one"), 1e-4);
}

TEST_F(PretrainOnRanks, GatheredLayersAndACutModelExcludeEachOther) {
  const auto result = pretrain(2, "both", {"--shard", "gather", "--tensor-parallel", "2"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.errors.find("--shard gather and --tensor-parallel 2 both cut the backbone; drop one"),
            std::string::npos)
      << result.errors;
}

// The same layout again: the very same bits, with the default reduction, with a cut model and with one in slices.
TEST_F(PretrainOnRanks, AKilledRunResumesToTheSameBytes) {
  const std::vector<std::vector<std::string>> layouts{{}, {"--tensor-parallel", "2"}, {"--shard", "gather"}};
  for (std::size_t k = 0; k < layouts.size(); ++k) {
    std::vector<std::string> more{"--steps", "40"};
    more.insert(more.end(), layouts[k].begin(), layouts[k].end());
    const std::string whole = fmt::format("whole{}", k);
    const std::string killed = fmt::format("killed{}", k);
    ASSERT_EQ(pretrain(4, whole, more).code, 0);
    RunningProgram program(PRELUDE_MPIRUN, with_ranks(4, bench_.arguments(killed, more)));
    ASSERT_TRUE(wait_for([&] { return bench_.last_step(killed) >= 9; }));
    const int victim = process_of_rank(program.process(), 2);
    ASSERT_GT(victim, 0);
    ::kill(victim, SIGKILL);
    const auto result = program.wait();
    EXPECT_NE(result.code, 0);
    EXPECT_NE(result.errors.find("rank 2 on "), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find(" died"), std::string::npos) << result.errors;
    ASSERT_LT(bench_.last_step(killed), 40);
    ASSERT_EQ(pretrain(4, killed, more).code, 0);
    EXPECT_EQ(prompt(killed), prompt(whole)) << k;
    EXPECT_EQ(bench_.metrics(killed), bench_.metrics(whole)) << k;
  }
}

TEST_F(PretrainOnRanks, ASignalAtAnyRankStopsAllAfterACheckpoint) {
  const std::vector<std::string> more{"--steps", "2000"};
  for (const int rank : {0, 3}) {
    for (const int signal : {SIGTERM, SIGUSR1, SIGINT}) {
      const std::string run = fmt::format("s{}-{}", rank, signal);
      RunningProgram program(PRELUDE_MPIRUN, with_ranks(4, bench_.arguments(run, more)));
      ASSERT_TRUE(wait_for([&] { return bench_.last_step(run) >= 3; }));
      ::kill(process_of_rank(program.process(), rank), signal);
      const auto result = program.wait();
      EXPECT_EQ(result.code, 3) << result.errors;
      EXPECT_NE(result.errors.find("run the same command again to go on"), std::string::npos) << result.errors;
    }
  }
}

TEST_F(PretrainOnRanks, AStoppedRankIsNamedWithinTheTimeout) {
  for (const std::string shard : {"whole", "gather"}) {
    const std::vector<std::string> more{"--steps", "2000", "--collective-timeout", "2", "--shard", shard};
    RunningProgram program(PRELUDE_MPIRUN, with_ranks(4, bench_.arguments("still-" + shard, more)));
    ASSERT_TRUE(wait_for([&] { return bench_.last_step("still-" + shard) >= 3; }));
    const int victim = process_of_rank(program.process(), 1);
    ::kill(victim, SIGSTOP);
    const auto result = program.wait();
    EXPECT_NE(result.code, 0);
    EXPECT_NE(result.errors.find("rank 1 on "), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find("did not answer"), std::string::npos) << result.errors;
    EXPECT_TRUE(wait_for([&] { return !process_lives(victim); }));
  }
}

}  // namespace
}  // namespace prelude::test
