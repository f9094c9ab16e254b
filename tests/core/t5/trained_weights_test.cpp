#include "core/t5/trained_weights.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

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
