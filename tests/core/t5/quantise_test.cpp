#include "core/t5/quantise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/delta/soft_prompt.h"
#include "core/error.h"
#include "core/ops/fp8_tensor.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

T5Config sixteens(bool gated) {
  T5Config config = small_config();
  config.vocab_size = 64;
  config.d_model = 64;
  config.num_heads = 4;
  config.d_kv = 16;
  config.d_ff = 96;
  config.gated = gated;
  if (!gated) config.activation = Activation::relu;
  return config;
}

struct Outcome {
  double loss;
  at::Tensor gradient;  // [P,D], double
};

Outcome run(const Model& model, const Batch& batch) {
  SoftPrompt prompt(random_tensor({5, model.config().d_model}, 9).to(at::kFloat), at::kCPU);
  const at::Tensor loss = model.loss_sum(batch, DeltaSites(prompt));
  loss.backward();
  return {loss.item<double>(), prompt.trainable().flat().grad().to(at::kDouble)};
}

// What 8 bits cost: a number is rounded by 1/32 of itself on average, products by less.
TEST(QuantiseLayers, LossAndPromptGradientStayClose) {
  for (const bool gated : {true, false}) {
    const T5Config config = sixteens(gated);
    const Batch batch = small_batch(config, {20, 7, 33}, {4, 2, 3}, 3);
    Model model = small_model(config, 7, at::kFloat);
    const Outcome exact = run(model, batch);
    model.quantise_layers();
    const Outcome rounded = run(model, batch);
    EXPECT_NE(rounded.loss, exact.loss);
    EXPECT_NEAR(rounded.loss, exact.loss, 0.05 * exact.loss);
    const double cosine = rounded.gradient.dot(exact.gradient).item<double>() /
                          (rounded.gradient.norm() * exact.gradient.norm()).item<double>();
    EXPECT_GT(cosine, 0.97);
  }
}

// Weights that 8 bits hold exactly, and the same model of the rounded numbers: the difference is the inputs' rounding.
TEST(QuantiseLayers, EveryMatrixOfALayerAndNothingElseIsIn8Bits) {
  for (const bool gated : {true, false}) {
    const T5Config config = sixteens(gated);
    Weights weights = spread_weights(config, 7, at::kFloat);
    fuse_weights(weights);
    quantise_layers(weights);
    for (const WeightSlot& slot : weight_slots(config, weights)) {
      const bool matrix = slot.layer >= 0 && slot.shape.size() == 2;
      EXPECT_EQ(slot.tensor.get().scalar_type() == at::kFloat8_e4m3fn, matrix) << slot.name;
      EXPECT_EQ(slot.tensor.get().sizes(), at::IntArrayRef(slot.shape)) << slot.name;
    }
  }
}

TEST(QuantiseLayers, RecomputedLayersAreTheSame) {
  const T5Config config = sixteens(true);
  const Batch batch = small_batch(config, {20, 7}, {4, 2}, 3);
  Model model = small_model(config, 7, at::kFloat);
  model.quantise_layers();
  const Outcome kept = run(model, batch);
  model.recompute_layers();
  EXPECT_TRUE(at::equal(run(model, batch).gradient, kept.gradient));
}

TEST(QuantiseLayers, SizesThatAGpuDoesNotMultiplyAreRefused) {
  Model model = small_model(small_config(), 7, at::kFloat);
  EXPECT_THROW(model.quantise_layers(), UserError);
}

}  // namespace
}  // namespace prelude
