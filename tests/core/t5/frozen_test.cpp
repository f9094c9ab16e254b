// Frozen means frozen: no backbone byte changes, no weight gradient is ever made.
#include <gtest/gtest.h>

#include "core/delta/soft_prompt.h"
#include "core/error.h"
#include "tests/core/operator_log.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

void descend(SoftPrompt& prompt, double rate) {
  const at::NoGradGuard no_grad;
  at::Tensor flat = prompt.trainable().flat();
  flat.sub_(flat.grad(), rate);
  flat.mutable_grad() = at::Tensor();
}

TEST(Frozen, NoByteOfTheBackboneChangesWhileThePromptLearns) {
  const T5Config config = small_config();
  const Model model = small_model(config, 1, at::kFloat);
  const std::string before = hash_weights(config, model.weights());
  SoftPrompt prompt(random_tensor({3, config.d_model}, 2).to(at::kFloat), at::kCPU);
  const DeltaSites sites(prompt);
  const Batch batch = small_batch(config, {7, 4}, {3, 2}, 3);
  const double first = model.loss_sum(batch, sites).item<double>();
  for (int step = 0; step < 20; ++step) {
    model.loss_sum(batch, sites).backward();
    descend(prompt, 0.05);
  }
  EXPECT_LT(model.loss_sum(batch, sites).item<double>(), first);
  EXPECT_EQ(hash_weights(config, model.weights()), before);
}

TEST(Frozen, NoWeightRequiresOrHoldsAGradient) {
  const T5Config config = small_config();
  const Model model = small_model(config, 1, at::kFloat);
  SoftPrompt prompt(random_tensor({3, config.d_model}, 2).to(at::kFloat), at::kCPU);
  model.loss_sum(small_batch(config, {7, 4}, {3, 2}, 3), DeltaSites(prompt)).backward();
  Weights weights = model.weights();
  for (const WeightSlot& slot : weight_slots(config, weights)) {
    EXPECT_FALSE(slot.tensor.get().requires_grad()) << slot.name;
    EXPECT_FALSE(slot.tensor.get().grad().defined()) << slot.name;
  }
}

TEST(Frozen, AWeightThatRequiresAGradientIsRefused) {
  const T5Config config = small_config();
  Weights weights = spread_weights(config, 1, at::kFloat);
  weights.decoder.layers[1].cross_attention.k.requires_grad_(true);
  EXPECT_THROW(Model(config, weights), InternalError);
}

std::int64_t products(const OperatorLog& log) {
  return log.count("aten::mm") + log.count("aten::addmm") + log.count("mkldnn::_linear_pointwise");
}

// Forward: one product for all matrices with the same input. Backward: one (the input gradient) for each that the
// prompt's gradient passes, which is all but the decoder's first self-attention and first cross-attention query. Weight
// gradients would make it two.
TEST(Frozen, NoWeightGradientProductIsComputed) {
  const T5Config config = small_config();
  const Model model = small_model(config, 1, at::kFloat);
  SoftPrompt prompt(random_tensor({3, config.d_model}, 2).to(at::kFloat), at::kCPU);
  const Batch batch = small_batch(config, {7, 4}, {3, 2}, 3);
  const std::int64_t self = 2;   // q k v, o
  const std::int64_t cross = 3;  // q, k v, o
  const std::int64_t feed_forward = 2;
  const std::int64_t linears =
      config.num_layers * (self + feed_forward) + config.num_decoder_layers * (self + cross + feed_forward) + 1;
  at::Tensor loss;
  const OperatorLog forward([&] { loss = model.loss_sum(batch, DeltaSites(prompt)); });
  // The output matrix' input gradient is made in the forward pass (core/ops/cross_entropy.h).
  EXPECT_EQ(products(forward), linears + 1);
  const OperatorLog backward([&] { loss.backward(); });
  EXPECT_EQ(products(backward), linears - 1 - self - 1);
  EXPECT_EQ(backward.count("aten::bmm"), 0);
}

TEST(Frozen, WithoutADeltaThereIsNoGraph) {
  const T5Config config = small_config();
  const Model model = small_model(config, 1, at::kFloat);
  EXPECT_FALSE(model.loss_sum(small_batch(config, {7, 4}, {3, 2}, 3), {}).requires_grad());
}

TEST(HashWeights, SeesOneBitOfAnyTensor) {
  const T5Config config = small_config();
  Weights weights = spread_weights(config, 1, at::kFloat);
  const std::string before = hash_weights(config, weights);
  EXPECT_EQ(before.size(), 32U);
  for (const WeightSlot& slot : weight_slots(config, weights)) {
    auto* bits = static_cast<std::uint8_t*>(slot.tensor.get().mutable_data_ptr());
    bits[0] ^= 1U;
    EXPECT_NE(hash_weights(config, weights), before) << slot.name;
    bits[0] ^= 1U;
  }
  EXPECT_EQ(hash_weights(config, weights), before);
}

}  // namespace
}  // namespace prelude
