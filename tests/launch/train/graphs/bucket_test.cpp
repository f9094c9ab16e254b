#include "launch/train/graphs/bucket.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/delta/blind_end.h"
#include "core/delta/soft_prompt.h"
#include "core/error.h"
#include "launch/train/graphs/graphed.h"
#include "launch/train/loss_and_gradient.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

constexpr std::int64_t pad = 0;

TEST(Bucket, RoundsSourcesUpAndKeepsTheRest) {
  const T5Config config = small_config();
  const Bucket bucket = bucket_of(small_batch(config, {5, 33, 2}, {3, 1, 2}, 1));
  EXPECT_EQ(bucket, (Bucket{3, 64, 3, false, false}));
  EXPECT_EQ(bucket_of(small_batch(config, {32, 32}, {1, 1}, 1)), (Bucket{2, 32, 1, true, false}));
  EXPECT_EQ(bucket_of(small_batch(config, {32, 31}, {1, 1}, 1)), (Bucket{2, 32, 1, false, false}));
  EXPECT_EQ(bucket_of(small_batch(config, {31, 31}, {1, 1}, 1)), (Bucket{2, 32, 1, false, false}));
  Batch with_tasks = small_batch(config, {4}, {1}, 1);
  with_tasks.task_ids = at::zeros({1}, at::kLong);
  EXPECT_TRUE(bucket_of(with_tasks).has_tasks);
}

struct Outcome {
  double loss;
  at::Tensor gradient;  // [P*D]
};

Outcome outcome(const Model& model, const Batch& batch, bool blind_end) {
  SoftPrompt prompt(random_tensor({4, model.config().d_model}, 9), at::kCPU);
  BlindEnd blind(prompt);
  EagerLossAndGradient micro_batch(model, blind_end ? static_cast<const Delta&>(blind) : prompt);
  const double loss = micro_batch.add(batch).item<double>();
  return {loss, prompt.trainable().flat().grad()};
}

// One bucket's tensors take a long batch, then shorter ones.
TEST(Bucket, ABatchInItHasTheSameLossAndGradient) {
  const T5Config config = small_config();
  const Model model = small_model(config, 7, at::kDouble);
  Batch held = blank_batch(bucket_of(small_batch(config, {30, 9}, {2, 3}, 1)), pad, at::kCPU);
  for (const std::vector<std::size_t>& sources : {std::vector<std::size_t>{30, 9}, {7, 12}, {6, 6}}) {
    const Batch batch = small_batch(config, sources, {2, 3}, sources[0]);
    ASSERT_EQ(bucket_of(batch).source, held.source_ids.size(1));
    copy_batch(batch, pad, held);
    EXPECT_EQ(held.label_tokens, batch.label_tokens);
    for (const bool blind_end : {false, true}) {
      const Outcome got = outcome(model, held, blind_end);
      const Outcome expected = outcome(model, batch, blind_end);
      EXPECT_NEAR(got.loss, expected.loss, 1e-11);
      EXPECT_LE(relative_difference(got.gradient, expected.gradient), 1e-11);
    }
  }
}

TEST(Bucket, ABlankFullBatchIsFull) {
  EXPECT_EQ(blank_batch({2, 32, 1, true, false}, pad, at::kCPU).source_tokens, 64);
  EXPECT_EQ(blank_batch({2, 32, 1, false, true}, pad, at::kCPU).source_tokens, 0);
  EXPECT_TRUE(blank_batch({2, 32, 1, false, true}, pad, at::kCPU).task_ids.defined());
}

TEST(Bucket, RefusesABatchOfAnother) {
  const T5Config config = small_config();
  Batch held = blank_batch({2, 32, 3, false, false}, pad, at::kCPU);
  EXPECT_THROW(copy_batch(small_batch(config, {33, 2}, {3, 3}, 1), pad, held), InternalError);
  EXPECT_THROW(copy_batch(small_batch(config, {3, 2}, {2, 2}, 1), pad, held), InternalError);
}

TEST(Graphed, NeedsAGpu) {
  const Model model = small_model(small_config(), 7, at::kDouble);
  const SoftPrompt prompt(random_tensor({4, model.config().d_model}, 9), at::kCPU);
  EXPECT_THROW(make_graphed(model, prompt, at::kCPU), UserError);
}

}  // namespace
}  // namespace prelude
