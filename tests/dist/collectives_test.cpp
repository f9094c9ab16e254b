// What a step sends, counted: for 2, 8 and 64 ranks without having them.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/delta/soft_prompt.h"
#include "core/t5/parallel_cost.h"
#include "dist/tensor_group.h"
#include "tests/core/executed_flops.h"
#include "tests/core/t5/small_backbone.h"
#include "tests/dist/recording_communicator.h"
#include "tests/dist/variants.h"

namespace prelude {
namespace {

using test::RecordedCall;
using test::RecordingCommunicator;

constexpr std::int64_t prompt_rows = 3;

T5Config many_heads(std::int64_t encoder, std::int64_t decoder) {
  T5Config config = test::cut_config(true, Activation::gelu_tanh, false, false, encoder, decoder);
  config.num_heads = 64;
  config.d_kv = 1;
  config.d_ff = 128;
  return config;
}

// The collectives of one micro-batch's forward and backward on rank `rank` of `size`.
std::vector<RecordedCall> calls_of(const T5Config& config, const Batch& batch, int rank, int size) {
  RecordingCommunicator ranks(rank, size);
  const TensorGroup parallel(ranks);
  const Model model(config, slice_weights(config, test::spread_weights(config, 1, at::kFloat), parallel), parallel);
  const SoftPrompt prompt(test::random_tensor({prompt_rows, config.d_model}, 5).to(at::kFloat), at::kCPU);
  model.loss_sum(batch, DeltaSites(prompt)).backward();
  return ranks.calls();
}

std::int64_t bytes_of(const std::vector<RecordedCall>& calls) {
  std::int64_t sum = 0;
  for (const auto& call : calls) sum += call.bytes();
  return sum;
}

// docs/performance.md: encoder 4 a layer, decoder 6 a layer, one for all cross-attention keys and values, less the two
// below the decoder's first cross-attention, whose inputs do not depend on the prompt.
TEST(Collectives, AStepSendsWhatTheFormulaSays) {
  const std::vector<std::pair<std::int64_t, std::int64_t>> layers{{1, 1}, {2, 3}, {5, 1}, {24, 24}};
  for (const auto& [encoder, decoder] : layers) {
    const T5Config config = many_heads(encoder, decoder);
    const Batch batch = test::small_batch(config, {9, 4}, {3, 1}, 3);
    const auto calls = calls_of(config, batch, 0, 2);
    EXPECT_EQ(static_cast<std::int64_t>(calls.size()), 4 * encoder + 6 * decoder + 1 - 2);
    const std::int64_t source_bytes = 2 * (9 + prompt_rows) * config.d_model * 4;  // [B,S,D] float32
    const std::int64_t target_bytes = config.d_model * 2 * 3 * 4;                  // [B,T,D]
    EXPECT_EQ(bytes_of(calls), (4 * encoder + 1) * source_bytes + (6 * decoder - 2) * target_bytes);
    const auto planned = tensor_collectives(config, {2, 9 + prompt_rows, 3}, 2, 4).total();
    EXPECT_EQ(planned.number, static_cast<std::int64_t>(calls.size()));
    EXPECT_EQ(planned.bytes, bytes_of(calls));
  }
  EXPECT_EQ(4 * 24 + 6 * 24 + 1 - 2, 239);  // T5 XXL
}

TEST(Collectives, AllOf8And64RanksMakeTheSameCallsInTheSameOrder) {
  const T5Config config = many_heads(2, 2);
  const Batch batch = test::small_batch(config, {6, 11}, {2, 2}, 4);
  for (const int size : {8, 64}) {
    const auto expected = calls_of(config, batch, 0, size);
    for (int rank = 1; rank < size; ++rank) EXPECT_EQ(calls_of(config, batch, rank, size), expected) << rank;
  }
}

TEST(Collectives, WithoutAGraphOnlyTheForwardSends) {
  const T5Config config = many_heads(2, 3);
  const Batch batch = test::small_batch(config, {6, 11}, {2, 2}, 4);
  RecordingCommunicator ranks(0, 2);
  const TensorGroup parallel(ranks);
  const Model model(config, slice_weights(config, test::spread_weights(config, 1, at::kFloat), parallel), parallel);
  const at::NoGradGuard no_graph;
  model.loss_sum(batch, {});
  EXPECT_EQ(ranks.calls().size(), 2U * 2 + 3U * 3);
}

// What `prelude plan` counts for a rank is what a rank computes: its part of the cut products, and the output matrix
// whole.
TEST(Collectives, ARankComputesWhatThePlanCounts) {
  T5Config config = many_heads(4, 4);
  config.d_kv = 4;
  for (const int size : {1, 2, 4, 8}) {
    RecordingCommunicator ranks(size - 1, size);
    const TensorGroup parallel(ranks);
    const Model model(config, slice_weights(config, test::spread_weights(config, 1, at::kFloat), parallel), parallel);
    const SoftPrompt prompt(test::random_tensor({20, config.d_model}, 5).to(at::kFloat), at::kCPU);
    const Batch batch = test::small_batch(config, {300, 300}, {3, 3}, 2);
    const test::CountedSection counted;
    model.loss_sum(batch, DeltaSites(prompt)).backward();
    const double planned = 2 * rank_flops(config, 320, 3, size).total();
    EXPECT_NEAR(counted.executed().flops / planned, 1.0, 0.01) << size;
  }
}

TEST(Collectives, AWholeModelSendsNothing) {
  const T5Config config = many_heads(2, 3);
  const Batch batch = test::small_batch(config, {6}, {2}, 4);
  EXPECT_TRUE(calls_of(config, batch, 0, 1).empty());
}

}  // namespace
}  // namespace prelude
