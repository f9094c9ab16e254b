#include "launch/plan/prediction.h"

#include <gtest/gtest.h>

#include "core/t5/flops.h"

namespace prelude::test {
namespace {

PlannedJob xxl(std::int64_t tensor, std::vector<std::int64_t> ranks) {
  PlannedJob job;
  job.config = named_t5_config("t5-xxl");
  job.tensor = tensor;
  job.ranks = std::move(ranks);
  return job;
}

// Round numbers, so that the arithmetic below can be followed.
MachineAssumptions round_machine() {
  return {.matmul_tflops = 100,
          .link_gbytes = 200,
          .network_gbytes = 10,
          .latency_us = 50,
          .memory_gib = 80,
          .ranks_per_host = 8};
}

TEST(Prediction, OfOneRankIsItsFlops) {
  const PlannedJob job = xxl(1, {1});
  const RanksPlan row = plan_ranks(job, round_machine()).front();
  EXPECT_NEAR(row.seconds(), 32 * step_flops(job.config, 512, 10) / 100e12, 1e-9);
  EXPECT_EQ(row.world_sum, 0);
  EXPECT_EQ(row.tensor.total().number, 0);
  EXPECT_EQ(row.corpus_bytes, 32 * 412 * 2);
  EXPECT_NEAR(row.efficiency, 1.0, 1e-12);
}

TEST(Prediction, AddsCollectivesByTheirPath) {
  const PlannedJob job = xxl(8, {8, 64});
  const std::vector<RanksPlan> rows = plan_ranks(job, round_machine());
  const double sequence = 2.0 * 4096 * 512;  // bytes of [1,S,D]
  const double target = 2.0 * 4096 * 10;
  const double sums = 32 * (sequence * (4 * 24 + 1) + target * (6 * 24 - 2));  // of 32 examples
  for (const RanksPlan& row : rows) {
    EXPECT_EQ(row.micro_batches, 2);
    EXPECT_EQ(row.tensor.total().number, 2 * 239);
    EXPECT_NEAR(row.tensor_sent, 2.0 * 7 / 8 * sums, 1);
    EXPECT_NEAR(row.tensor_seconds, 2 * 239 * 50e-6 + 2.0 * 7 / 8 * sums / 200e9, 1e-9);
  }
  const double world = 4 * (100 * 4096 + 6);
  EXPECT_NEAR(rows[0].world_seconds, 50e-6 + 2.0 * 7 / 8 * world / 200e9, 1e-9);
  EXPECT_NEAR(rows[1].world_seconds, 50e-6 + 2.0 * 63 / 64 * world / 10e9, 1e-9);
  EXPECT_EQ(rows[1].global_batch, 8 * 32);
  EXPECT_EQ(rows[1].examples, 32);
  EXPECT_NEAR(rows[1].scaling, rows[0].seconds() / rows[1].seconds(), 1e-12);
}

// A group that a host cannot hold uses the network.
TEST(Prediction, SendsAGroupAcrossHostsOverTheNetwork) {
  const PlannedJob job = xxl(16, {16});
  const MachineAssumptions machine = round_machine();
  const RanksPlan row = plan_ranks(job, machine).front();
  EXPECT_FALSE(tensor_groups_in_host(16, 16, machine));
  EXPECT_TRUE(tensor_groups_in_host(64, 4, machine));
  EXPECT_TRUE(tensor_groups_in_host(6, 3, machine));
  EXPECT_FALSE(tensor_groups_in_host(12, 3, machine));  // a group lies on both hosts
  EXPECT_NEAR(row.tensor_seconds, 2 * 239 * 50e-6 + row.tensor_sent / 10e9, 1e-9);
}

TEST(Prediction, OfAFixedBatchSharesItOut) {
  PlannedJob job = xxl(1, {1, 8, 64});
  job.fixed_batch = true;
  job.global_batch = 100;
  const std::vector<RanksPlan> rows = plan_ranks(job, round_machine());
  EXPECT_EQ(rows[1].examples, 13);  // the rank that has most; others have 12
  EXPECT_EQ(rows[2].examples, 2);
  EXPECT_EQ(rows[0].micro_batches, 7);
  EXPECT_EQ(rows[2].global_batch, 100);
  EXPECT_LT(rows[2].efficiency, 100.0 / 128.0 + 1e-12);
}

// A ragged last micro-batch has as many collectives as a full one and as many bytes as its examples.
TEST(Prediction, CountsARaggedMicroBatch) {
  PlannedJob job = xxl(2, {2});
  job.global_batch = 20;
  const RanksPlan row = plan_ranks(job, round_machine()).front();
  job.micro_batch = 20;
  const RanksPlan whole = plan_ranks(job, round_machine()).front();
  EXPECT_EQ(row.tensor.total().number, 2 * whole.tensor.total().number);
  EXPECT_EQ(row.tensor.total().bytes, whole.tensor.total().bytes);
}

// 24 encoder layers of 193 M weights, 24 decoder layers of 260 M; both kinds divide by 8.
TEST(Prediction, OfGatheredLayersSendsThemTwice) {
  PlannedJob job = xxl(1, {8});
  job.gather = true;
  job.global_batch = 8 * 32;
  const RanksPlan row = plan_ranks(job, round_machine()).front();
  const std::int64_t encoder = 4096 * (4 * 4096 + 3 * 10240);
  const std::int64_t decoder = 4096 * (8 * 4096 + 3 * 10240);
  const std::int64_t outside = 2 * 32128 * 4096 + 4096 * (2 * 24 + 3 * 24 + 2) + 2 * 32 * 64;
  EXPECT_EQ(row.weights, 2 * (24 * (encoder + decoder) / 8 + outside + 2 * decoder));
  EXPECT_EQ(row.gathers.number, 2 * 2 * (48 - 2));  // two micro-batches
  EXPECT_EQ(row.gathers.bytes, 2 * 2 * ((22 * encoder + 24 * decoder) + (24 * encoder + 22 * decoder)));
  EXPECT_NEAR(row.gather_sent, 7.0 / 8 * static_cast<double>(row.gathers.bytes), 1);
  EXPECT_NEAR(row.gather_seconds, 2 * 92 * 50e-6 + row.gather_sent / 200e9, 1e-9);
  EXPECT_NEAR(row.seconds(), row.compute_seconds + row.gather_seconds + row.world_seconds, 1e-12);
  EXPECT_LT(row.overlapped_seconds(), row.seconds());
}

TEST(Prediction, OfGatheredLayersNamesTheFastestTensorDegree) {
  PlannedJob job = xxl(1, {8});
  job.gather = true;
  const MachineAssumptions machine = round_machine();
  const RanksPlan row = plan_ranks(job, machine).front();
  const auto rival = tensor_rival(job, row, machine);
  ASSERT_TRUE(rival);
  for (const std::int64_t degree : {2, 4, 8}) {
    PlannedJob cut = xxl(degree, {8});
    const RanksPlan its = plan_ranks(cut, machine).front();
    EXPECT_EQ(its.global_batch, row.global_batch);
    EXPECT_GE(its.seconds(), rival->seconds) << degree;
    if (degree == rival->tensor) {
      EXPECT_EQ(its.seconds(), rival->seconds);
    }
  }
  EXPECT_FALSE(tensor_rival(xxl(1, {1}), plan_ranks(xxl(1, {1}), machine).front(), machine));
}

TEST(Prediction, FindsWhatWouldFit) {
  const PlannedJob job = xxl(1, {1});
  MachineAssumptions machine = round_machine();
  machine.memory_gib = 40;
  ASSERT_GT(gib(rank_bytes(job, 1, 16)), machine.memory_gib);
  const Remedy found = remedy(job, 16, machine);
  ASSERT_TRUE(found.tensor && found.micro_batch);
  EXPECT_LE(gib(rank_bytes(job, *found.tensor, 16)), machine.memory_gib);
  EXPECT_GT(gib(rank_bytes(job, *found.tensor / 2, 16)), machine.memory_gib);
  EXPECT_LE(gib(rank_bytes(job, 1, *found.micro_batch)), machine.memory_gib);
  EXPECT_GT(gib(rank_bytes(job, 1, *found.micro_batch + 1)), machine.memory_gib);
  machine.memory_gib = 1;
  const Remedy none = remedy(job, 16, machine);
  EXPECT_FALSE(none.tensor || none.micro_batch);
}

}  // namespace
}  // namespace prelude::test
