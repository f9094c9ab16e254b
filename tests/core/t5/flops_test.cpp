#include "core/t5/flops.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>

#include "core/delta/soft_prompt.h"
#include "tests/core/executed_flops.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude::test {
namespace {

std::int64_t parameters(const T5Config& config) {
  Weights weights;
  std::int64_t sum = 0;
  for (const WeightSlot& slot : weight_slots(config, weights)) {
    std::int64_t size = 1;
    for (const std::int64_t side : slot.shape) size *= side;
    sum += size;
  }
  return sum;
}

// The published figures: docs/performance.md, "The exact cost".
TEST(Flops, AreThePublishedOnesAtXxl) {
  const T5Config config = named_t5_config("t5-xxl");
  EXPECT_EQ(parameters(config), 11'135'332'352);
  EXPECT_NEAR(static_cast<double>(encoder_token_weights(config)), 5.436e9, 0.0005e9);
  EXPECT_NEAR(static_cast<double>(decoder_token_weights(config)), 5.567e9, 0.0005e9);
  EXPECT_NEAR(forward_flops(config, 512, 10), 5.78e12, 0.005e12);
}

TEST(Flops, OfTheWeightProductsAddUp) {
  for (const char* name : {"tiny", "t5-small", "t5-xxl"}) {
    const T5Config config = named_t5_config(name);
    double sum = 0;
    for (const MatrixProduct& p : weight_products(config, 3, 77, 5)) {
      sum += 2.0 * static_cast<double>(p.rows * p.count) * static_cast<double>(p.in * p.out);
    }
    const double by_token = 2.0 * 3.0 *
                            (77.0 * static_cast<double>(encoder_token_weights(config)) +
                             5.0 * static_cast<double>(decoder_token_weights(config)));
    EXPECT_DOUBLE_EQ(sum, by_token) << name;
  }
}

T5Config counted_config(bool gated) {
  T5Config config = small_config();
  config.d_model = 24;
  config.d_kv = 8;
  config.num_heads = 4;
  config.d_ff = 40;
  config.num_layers = 8;
  config.num_decoder_layers = 8;
  config.gated = gated;
  config.vocab_size = 60;
  return config;
}

class ExecutedFlops : public ::testing::TestWithParam<bool> {};

// Text of 300 and a prompt of 20: more rows than any weight has sides, so that a weight gradient would show by shape.
TEST_P(ExecutedFlops, AreTheFormulasWithinOnePercent) {
  const T5Config config = counted_config(GetParam());
  const Model model = small_model(config, 1, at::kFloat);
  const Batch batch = small_batch(config, {300, 300}, {3, 3}, 2);
  const SoftPrompt prompt(random_tensor({20, config.d_model}, 3), at::kCPU);

  double forward = 0;
  {
    const at::NoGradGuard no_graph;
    const CountedSection counted;
    (void)model.loss_sum(batch, DeltaSites(prompt));
    forward = counted.executed().flops;
  }
  EXPECT_NEAR(forward / (2.0 * forward_flops(config, 320, 3)), 1.0, 0.01);

  double step = 0;
  {
    const CountedSection counted;
    model.loss_sum(batch, DeltaSites(prompt)).backward();
    step = counted.executed().flops;
  }
  EXPECT_NEAR(step / (2.0 * step_flops(config, 320, 3)), 1.0, 0.01);
  EXPECT_EQ(CountedSection::executed().weight_gradients, 0);
}

// 6N instead of 4N a token: the layers' forward comes twice.
TEST_P(ExecutedFlops, AreAForwardMoreWhereLayersAreRunAgain) {
  const T5Config config = counted_config(GetParam());
  Model model = small_model(config, 1, at::kFloat);
  model.recompute_layers();
  const Batch batch = small_batch(config, {300, 300}, {3, 3}, 2);
  const SoftPrompt prompt(random_tensor({20, config.d_model}, 3), at::kCPU);
  const CountedSection counted;
  model.loss_sum(batch, DeltaSites(prompt)).backward();
  const double expected = 2.0 * (step_flops(config, 320, 3) + forward_flops(config, 320, 3));
  EXPECT_NEAR(CountedSection::executed().flops / expected, 1.0, 0.01);
}

INSTANTIATE_TEST_SUITE_P(FeedForward, ExecutedFlops, ::testing::Bool());

}  // namespace
}  // namespace prelude::test
