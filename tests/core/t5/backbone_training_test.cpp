#include "core/t5/backbone_training.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "core/t5/flops.h"
#include "core/t5/step_memory.h"
#include "core/t5/weights.h"

namespace prelude::test {
namespace {

constexpr std::int64_t gib = std::int64_t{1} << 30;

// T5-XXL: width 4096, 64 heads of 64, feed-forward 10240, 24 + 24 layers, vocabulary 32128, untied.
const T5Config& xxl() {
  static const T5Config config = named_t5_config("t5-xxl");
  return config;
}

// By hand: q, k, v, o of 4096 x 4096; three matrices of 4096 x 10240; embedding and output of 32128 x 4096; norms.
constexpr std::int64_t width = 4096;
constexpr std::int64_t matrices =
    24 * (4 * width * width + 3 * width * 10240) + 24 * (8 * width * width + 3 * width * 10240);
constexpr std::int64_t positions = std::int64_t{2} * 32 * 64;
constexpr std::int64_t whole = 2 * width * 32128 + width * (2 * 24 + 1 + 3 * 24 + 1);
static_assert(matrices + positions + whole == 11'135'332'352);

TEST(BackboneTraining, AdamWKeepsTwelveBytesAWeightSharedOut) {
  const std::int64_t held = (matrices + positions) / 4 + whole;  // at tensor parallel 4
  const TrainingState alone = training_state(xxl(), {.shard_optimizer = false}, 4, 4, 2);
  EXPECT_EQ(alone.gradient, 4 * (held + 6));
  EXPECT_EQ(alone.master, 4 * held);
  EXPECT_EQ(alone.moments, 8 * held);
  const TrainingState shared = training_state(xxl(), {}, 4, 4, 2);
  EXPECT_EQ(shared.gradient, alone.gradient);
  EXPECT_GE(shared.master, held);  // 4 bytes of a quarter
  EXPECT_LT(shared.master, held + 256);
  EXPECT_EQ(shared.moments, 2 * shared.master);
  const TrainingState wide = training_state(xxl(), {}, 4, 4, 4);
  EXPECT_EQ(wide.master, 0);
  EXPECT_EQ(wide.moments, shared.moments);
  // More ranks than blocks of 64 elements: one block each.
  T5Config tiny = named_t5_config("tiny");
  EXPECT_EQ(training_state(tiny, {}, 1, 1 << 22, 4).moments, 8 * 64);
}

// The least largest run of whole parts, by trying every first cut; and what Adafactor keeps of a run.
struct PartSize {
  std::int64_t elements = 0;
  std::int64_t factors = 0;
};
std::int64_t least_largest(const std::vector<PartSize>& parts, std::size_t first, int ranks) {
  std::int64_t all = 0;
  for (std::size_t i = first; i < parts.size(); ++i) all += parts[i].elements;
  if (ranks == 1) return all;
  std::int64_t best = std::numeric_limits<std::int64_t>::max();
  std::int64_t run = 0;
  for (std::size_t cut = first; cut < parts.size(); ++cut) {
    run += parts[cut].elements;
    if (run >= best) break;
    best = std::min(best, std::max(run, least_largest(parts, cut + 1, ranks - 1)));
  }
  return best;
}

TEST(BackboneTraining, AdafactorKeepsRowsAndColumnsOfWholeTensors) {
  T5Config config = named_t5_config("tiny");
  config.num_layers = 1;
  config.num_decoder_layers = 1;
  Weights none;
  std::vector<PartSize> parts;
  std::int64_t elements = 0;
  std::int64_t factors = 0;
  for (const WeightSlot& slot : weight_slots(config, none)) {
    const bool matrix = slot.shape.size() == 2;
    parts.push_back({matrix ? slot.shape[0] * slot.shape[1] : slot.shape[0],
                     matrix ? slot.shape[0] + slot.shape[1] : slot.shape[0]});
    elements += parts.back().elements;
    factors += parts.back().factors;
  }
  const TrainingState one = training_state(config, {.adafactor = true}, 1, 1, 2);
  EXPECT_EQ(one.master, 4 * elements);
  EXPECT_EQ(one.moments, 4 * factors);
  EXPECT_EQ(training_state(config, {.adafactor = true}, 1, 1, 4).master, 0);
  for (const int ranks : {2, 3, 4}) {
    const TrainingState state = training_state(config, {.adafactor = true}, 1, ranks, 2);
    EXPECT_EQ(state.master, 4 * least_largest(parts, 0, ranks)) << ranks;
    EXPECT_LT(state.moments, one.moments);
    const TrainingState whole_state =
        training_state(config, {.adafactor = true, .shard_optimizer = false}, 1, ranks, 2);
    EXPECT_EQ(whole_state.master, one.master);
  }
  // Against AdamW's 8 bytes a weight it is nothing.
  EXPECT_LT(training_state(xxl(), {.adafactor = true}, 1, 1, 2).moments, 8 * 11'135'332'352 / 1000);
}

// A layer more of either stack, by hand: one encoder layer's token keeps D + D + F numbers more where weights train; a
// decoder layer's 3 D + F; all layers together one encoder output.
TEST(BackboneTraining, LinearMapsKeepTheirInputs) {
  const BatchShape shape{3, 20, 5};
  const std::int64_t sources = 60;
  const std::int64_t targets = 15;
  for (const std::int64_t tensor : {1, 4}) {
    for (const std::int64_t element : {2, 4}) {
      const StepMemory frozen = step_memory(xxl(), shape, {tensor, element}, true);
      const StepMemory trained = step_memory(xxl(), shape, {tensor, element, false, false, true}, true);
      EXPECT_EQ(trained.encoder - frozen.encoder, sources * 24 * element * (2 * width + 10240 / tensor));
      const std::int64_t first_layer = 2 * (width * element + 4) + 4 * width / tensor * element + 256 / tensor;
      EXPECT_EQ(trained.decoder - frozen.decoder,
                targets * (24 * element * (3 * width + 10240 / tensor) + first_layer) + sources * width * element);
      EXPECT_EQ(trained.bias, 3 * frozen.bias);
      // Few labels: the output matrix' gradient and its product with the loss's; of bfloat16, that product and its copy
      // in float32.
      EXPECT_EQ(trained.working, (element == 2 ? 3 : 2) * 32128 * width * element);
    }
  }
  // Run again, one layer at a time keeps them.
  EXPECT_EQ(step_memory(xxl(), shape, {1, 2, false, true, true}, true).encoder,
            step_memory(xxl(), shape, {1, 2, false, true}, true).encoder);
}

TEST(BackboneTraining, EverySublayerSumsItsInputsGradient) {
  const TensorCollectives all = training_collectives(xxl(), {4, 512, 3}, 8, 2);
  EXPECT_EQ(all.total().number, 4 * 24 + 6 * 24 + 1);
  EXPECT_EQ(all.decoder_backward.bytes, 3 * 24 * 4 * 3 * 4096 * 2);
  EXPECT_EQ(training_collectives(xxl(), {4, 512, 3}, 1, 2).total().number, 0);
}

// 6 N a token and three times attention's forward; a frozen backbone's step has 4 N.
TEST(BackboneTraining, CostsThreeForwards) {
  const double weights = 2.0 * (512.0 * static_cast<double>(encoder_token_weights(xxl())) +
                                3.0 * static_cast<double>(decoder_token_weights(xxl())));
  EXPECT_NEAR(training_flops(xxl(), 512, 3) - step_flops(xxl(), 512, 3), weights, 1e-6 * weights);
  const RankFlops rank = training_rank_flops(xxl(), 512, 3, 8);
  EXPECT_DOUBLE_EQ(rank.replicated, 3 * 2.0 * 3 * 4096 * 32128);
  EXPECT_NEAR(8 * rank.sharded + rank.replicated, training_flops(xxl(), 512, 3), 1e6);
}

// PPT's set-ups (Gu et al. 2022): full tuning of 11B weights on 16 GPUs, tensor parallel 4, 4 examples a rank; the
// prompt's pre-training on 4 GPUs of 32 GB a copy, 64 examples of 512 a rank, layers run again.
TEST(BackboneTraining, FitsWherePptRan) {
  const std::int64_t held = (matrices + positions) / 4 + whole;
  const StepMemory step = step_memory(xxl(), {4, 512, 2}, {4, 2, false, false, true}, true);
  const std::int64_t full = 2 * held + training_state(xxl(), {}, 4, 4, 2).total() + step.total();
  EXPECT_LT(full, 80'000'000'000);
  EXPECT_GT(full, 9 * held);  // 2 + 4 bytes a weight, and a quarter of 12
  // One GPU has no room for it, and a copy on each of 16 has not without shards.
  EXPECT_GT(training_state(xxl(), {}, 1, 1, 2).total(), 80'000'000'000);
  EXPECT_GT(training_state(xxl(), {.shard_optimizer = false}, 1, 16, 2).total(), 80'000'000'000);
  const StepMemory prompt = step_memory(xxl(), {64, 512, 3}, {4, 2, false, true}, true);
  EXPECT_LT(2 * held + trained_bytes(xxl(), 100) + prompt.total(), 30 * gib);
}

}  // namespace
}  // namespace prelude::test
