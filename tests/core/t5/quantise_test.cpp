#include "core/t5/quantise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/delta/blind_end.h"
#include "core/delta/soft_prompt.h"
#include "core/error.h"
#include "core/ops/fp8_tensor.h"
#include "tests/core/delta/slow_t5.h"
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

// The numbers that a model in 8 bits stands for, in float64.
Weights rounded_weights(const T5Config& config, std::uint64_t seed) {
  Weights weights = spread_weights(config, seed, at::kDouble);
  for (const WeightSlot& slot : weight_slots(config, weights)) {
    if (slot.layer < 0 || slot.shape.size() != 2) continue;
    slot.tensor.get() = from_fp8(to_fp8(slot.tensor.get())).to(at::kDouble);
  }
  return weights;
}

double cosine(const at::Tensor& a, const at::Tensor& b) {
  return a.dot(b).item<double>() / (a.norm() * b.norm()).item<double>();
}

Outcome blind_outcome(const Model& model, const Batch& batch, const at::Tensor& rows) {
  SoftPrompt prompt(rows, at::kCPU);
  const BlindEnd blind(prompt);
  const at::Tensor loss = model.loss_sum(batch, DeltaSites(blind));
  loss.backward();
  return {loss.item<double>(), prompt.trainable().flat().grad().to(at::kDouble)};
}

// A delta at the products' outputs, whose matrices are rows of a fused one: against a T5 of the same numbers in float64
// that shares no code. What is left is the rounding of the products' inputs.
TEST(QuantiseLayers, ADeltaAtAProductsOutputSeesItsPart) {
  for (const bool gated : {true, false}) {
    const T5Config config = sixteens(gated);
    const Batch batch = small_batch(config, {20, 7, 33}, {3, 3, 3}, 3);
    const at::Tensor rows = random_tensor({prompt_rows, config.d_model}, 9);
    const at::Tensor leaf = rows.clone().requires_grad_(true);
    SlowT5 slow(config, rounded_weights(config, 7), site_bit(Site::encoder_input), {{"prompt", leaf}});
    slow.blind_end();
    at::Tensor expected = at::zeros({}, at::kDouble);
    const auto list = [](const at::Tensor& ids, std::int64_t length) {
      return std::vector<std::int64_t>(ids.data_ptr<std::int64_t>(), ids.data_ptr<std::int64_t>() + length);
    };
    for (std::int64_t i = 0; i < 3; ++i) {
      expected = expected + slow.loss(list(batch.source_ids[i], batch.source_lengths[i].item<std::int64_t>()),
                                      list(batch.decoder_ids[i], 3), list(batch.labels[i], 3), 0);
    }
    expected.backward();
    Model model = small_model(config, 7, at::kFloat);
    model.quantise_layers();
    const Outcome ours = blind_outcome(model, batch, rows);
    EXPECT_NEAR(ours.loss, expected.item<double>(), 0.05 * expected.item<double>()) << gated;
    EXPECT_GT(cosine(ours.gradient, leaf.grad().flatten()), 0.97) << gated;
  }
}

// Both copies of a matrix and a scale a row; what is not a layer's matrix is as it was.
TEST(QuantiseLayers, BytesCountBothCopies) {
  for (const bool gated : {true, false}) {
    const T5Config config = sixteens(gated);
    Weights weights = spread_weights(config, 7, at::kFloat);
    std::int64_t expected = 0;
    for (const WeightSlot& slot : weight_slots(config, weights)) {
      const bool matrix = slot.layer >= 0 && slot.shape.size() == 2;
      const std::int64_t numbers = c10::multiply_integers(slot.shape);
      expected += matrix ? 2 * numbers + 4 * slot.shape[0] : 4 * numbers;
    }
    fuse_weights(weights);
    quantise_layers(weights);
    EXPECT_EQ(weights.bytes(), expected);
    EXPECT_EQ(fp8_of(weights.encoder.layers[0].self_attention.fused)->transposed.nbytes(),
              3U * 64U * 64U);  // the second copy is there
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
