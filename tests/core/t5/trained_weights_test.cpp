#include "core/t5/trained_weights.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "tests/core/delta/slow_t5.h"
#include "tests/core/t5/golden_case.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

// The gradient of all weights, [N].
at::Tensor gradient_of(const T5Config& config, const TrainedWeights& weights, const Batch& batch, bool recompute) {
  Model model(config, weights.weights());
  if (recompute) model.recompute_layers();
  const at::Tensor gradient = at::zeros_like(weights.flat());
  weights.accumulate_into(gradient);
  model.loss_sum(batch, {}).backward();
  return gradient;
}

class WeightGradients : public testing::TestWithParam<std::string> {
 protected:
  // Against transformers in float64 (scripts/make-golden).
  static void check(at::ScalarType dtype, double limit) {
    const std::string folder = golden_path(GetParam());
    const Backbone backbone = load_backbone(folder, at::kCPU, dtype);
    const TrainedWeights weights(backbone.config, backbone.weights);
    const at::Tensor gradient = gradient_of(backbone.config, weights, read_golden_batch(folder), false);
    const SafetensorsFile expected(folder + "/gradients.safetensors");
    EXPECT_EQ(weights.parts().size(), expected.tensors().size());
    for (const TrainedPart& part : weights.parts()) {
      const at::Tensor ours = gradient.narrow(0, part.offset, part.size).view(part.shape);
      EXPECT_LE(relative_difference(ours, read_tensor(expected, part.name)), limit) << part.name;
    }
  }
};

TEST_P(WeightGradients, EqualTransformersInFloat32) { check(at::kFloat, 1e-4); }
TEST_P(WeightGradients, EqualTransformersInFloat64) { check(at::kDouble, 2e-6); }

INSTANTIATE_TEST_SUITE_P(Shapes, WeightGradients, testing::ValuesIn(golden_names()),
                         [](const auto& name) { return name.param; });

TEST(TrainedWeights, RecomputedLayersGiveTheSameGradient) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    const T5Config config = small_config();
    const TrainedWeights weights(config, spread_weights(config, 3, dtype));
    const Batch batch = small_batch(config, {9, 4, 9}, {3, 5, 1}, 4);
    const at::Tensor kept = gradient_of(config, weights, batch, false);
    EXPECT_GT(kept.abs().max().item<double>(), 1e-3);
    EXPECT_LE(relative_difference(gradient_of(config, weights, batch, true), kept), dtype == at::kFloat ? 1e-6 : 1e-14);
  }
}

TEST(TrainedWeights, GradientsOfMicroBatchesAddUp) {
  const T5Config config = small_config();
  const TrainedWeights weights(config, spread_weights(config, 3, at::kDouble));
  const Model model(config, weights.weights());
  const at::Tensor gradient = at::zeros_like(weights.flat());
  weights.accumulate_into(gradient);
  const Batch batch = small_batch(config, {9, 4}, {3, 5}, 4);
  model.loss_sum(batch, {}).backward();
  const at::Tensor once = gradient.clone();
  model.loss_sum(batch, {}).backward();
  EXPECT_LE(relative_difference(gradient, 2 * once), 1e-14);
}

std::vector<std::int64_t> row(const at::Tensor& ids, std::int64_t length) {
  return {ids.data_ptr<std::int64_t>(), ids.data_ptr<std::int64_t>() + length};
}

// The matrices that one product shares are views without a gradient: what a delta does between them must not lose it.
TEST(TrainedWeights, ADeltaBetweenTheProductsLeavesTheirGradientsRight) {
  for (const bool gated : {true, false}) {
    T5Config config = small_config();
    config.gated = gated;
    if (!gated) config.activation = Activation::relu;
    const Batch batch = small_batch(config, {9}, {3}, 4);
    const SiteSet sites = site_bit(Site::linear_output) | site_bit(Site::keys_values);
    const EverySite delta(config, sites, 50);
    std::map<std::string, at::Tensor> parts;
    for (std::size_t i = 0; i < delta.trainable().parts().size(); ++i) {
      parts[delta.trainable().parts()[i].name] = delta.trainable().part(i).detach();
    }
    Weights single = spread_weights(config, 3, at::kDouble);
    for (const WeightSlot& slot : weight_slots(config, single)) slot.tensor.get().requires_grad_(true);
    SlowT5 slow(config, single, sites, parts);
    slow.loss(row(batch.source_ids[0], 9), row(batch.decoder_ids[0], 3), row(batch.labels[0], 3), 0).backward();

    const TrainedWeights weights(config, spread_weights(config, 3, at::kDouble));
    const Model model(config, weights.weights());
    const at::Tensor gradient = at::zeros_like(weights.flat());
    weights.accumulate_into(gradient);
    model.loss_sum(batch, DeltaSites(delta)).backward();
    const auto slots = weight_slots(config, single);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const TrainedPart& part = weights.parts()[i];
      const at::Tensor ours = gradient.narrow(0, part.offset, part.size).view(part.shape);
      EXPECT_LE(relative_difference(ours, slots[i].tensor.get().grad()), 1e-9) << part.name;
    }
  }
}

int& logarithms() {
  static int count = 0;
  return count;
}

// Buckets are made of logarithms, on the host: on a GPU it would wait for them.
TEST(TrainedWeights, AForwardMakesNoBucketsOfPositions) {
  const T5Config config = small_config();
  const TrainedWeights weights(config, spread_weights(config, 3, at::kFloat));
  const auto handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback([](const at::RecordFunction& function) -> std::unique_ptr<at::ObserverContext> {
        if (std::string(function.name()) == "aten::log") ++logarithms();
        return nullptr;
      }));
  logarithms() = 0;
  const Model model(config, weights.weights());
  EXPECT_EQ(logarithms(), 2);  // one a stack
  weights.accumulate_into(at::zeros_like(weights.flat()));
  model.loss_sum(small_batch(config, {9, 4}, {3, 5}, 4), {}).backward();
  EXPECT_EQ(logarithms(), 2);
  at::removeCallback(handle);
}

// One of `backward`, in the order of their coming.
std::vector<std::size_t> arrivals(const TrainedWeights& weights, const std::function<void()>& backward) {
  std::vector<std::size_t> order;
  weights.on_gradient([&](std::size_t leaf) { order.push_back(leaf); });
  backward();
  weights.on_gradient({});
  return order;
}

TEST(TrainedWeights, EveryLeafIsHeardOnceAndAboutInTheOrderOfLeaves) {
  for (const bool tied : {false, true}) {
    for (const bool recompute : {false, true}) {
      T5Config config = small_config();
      config.tie_word_embeddings = tied;
      config.num_layers = 5;
      config.num_decoder_layers = 4;
      const TrainedWeights weights(config, spread_weights(config, 3, at::kFloat));
      Model model(config, weights.weights());
      if (recompute) model.recompute_layers();
      weights.accumulate_into(at::zeros_like(weights.flat()));
      for (int step = 0; step < 2; ++step) {
        auto order = arrivals(weights, [&] { model.loss_sum(small_batch(config, {9, 4}, {3, 5}, 4), {}).backward(); });
        // All but the tied embeddings' gradient, the last, come within two layers of their place.
        for (std::size_t k = 0; k < order.size(); ++k) {
          EXPECT_LE(std::abs(static_cast<double>(order[k]) - static_cast<double>(k)), 24) << tied << recompute << k;
        }
        EXPECT_EQ(order.back(), order.size() - 1);
        std::sort(order.begin(), order.end());
        std::vector<std::size_t> once(weights.leaves().size());
        std::iota(once.begin(), once.end(), std::size_t{0});
        EXPECT_EQ(order, once) << tied << recompute;
      }
    }
  }
}

TEST(TrainedWeights, LeavesAreAllOfTheFlatParameter) {
  for (const bool tied : {false, true}) {
    T5Config config = small_config();
    config.tie_word_embeddings = tied;
    const TrainedWeights weights(config, spread_weights(config, 3, at::kFloat));
    at::Tensor times = at::zeros({weights.flat().numel()});
    for (const FlatPart& leaf : weights.leaves()) times.narrow(0, leaf.offset, leaf.size).add_(1);
    EXPECT_TRUE(at::equal(times, at::ones_like(times)));
  }
}

// A gradient of one micro-batch is bfloat16; their sum is float32, so that small ones are not lost.
TEST(TrainedWeights, GradientsOfBfloat16WeightsAddUpInFloat32) {
  const T5Config config = small_config();
  const TrainedWeights weights(config, spread_weights(config, 3, at::kBFloat16));
  const Model model(config, weights.weights());
  std::vector<Batch> batches;
  for (std::uint64_t m = 0; m < 5; ++m) batches.push_back(small_batch(config, {9, 4 + m}, {3, 5}, m));
  at::Tensor expected = at::zeros({weights.flat().numel()}, at::kFloat);
  for (const Batch& batch : batches) {
    const at::Tensor alone = at::zeros_like(weights.flat());
    weights.accumulate_into(alone);
    model.loss_sum(batch, {}).backward();
    expected.add_(alone.to(at::kFloat));
  }
  const at::Tensor sum = at::zeros_like(expected);
  weights.accumulate_into(sum);
  for (const Batch& batch : batches) model.loss_sum(batch, {}).backward();
  EXPECT_GT(sum.abs().max().item<double>(), 1e-3);
  EXPECT_TRUE(at::equal(sum, expected));
  EXPECT_FALSE(at::equal(sum, sum.to(at::kBFloat16).to(at::kFloat)));
}

TEST(TrainedWeights, AModelSeesWhatIsWrittenIntoTheFlatParameter) {
  const T5Config config = small_config();
  const TrainedWeights weights(config, spread_weights(config, 3, at::kDouble));
  const Model model(config, weights.weights());
  const Batch batch = small_batch(config, {9, 4}, {3, 5}, 4);
  const Weights other = spread_weights(config, 8, at::kDouble);
  const TrainedWeights from_other(config, other);
  weights.flat().copy_(from_other.flat());
  const Model expected(config, other);
  const at::NoGradGuard no_graph;
  EXPECT_NEAR(model.loss_sum(batch, {}).item<double>(), expected.loss_sum(batch, {}).item<double>(), 1e-12);
}

TEST(TrainedWeights, LeavesTheGivenTensorsAlone) {
  const T5Config config = small_config();
  const Weights given = spread_weights(config, 3, at::kDouble);
  const at::Tensor before = given.embedding.clone();
  const TrainedWeights weights(config, given);
  weights.flat().zero_();
  EXPECT_TRUE(at::equal(given.embedding, before));
}

}  // namespace
}  // namespace prelude
