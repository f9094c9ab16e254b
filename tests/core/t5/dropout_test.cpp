// Dropout within the model: against the same computation written out in plain operators would repeat the model; what
// can be known of it from outside is tested here, the masks themselves in tests/core/ops/dropout_test.cpp.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/t5/dropout_sites.h"
#include "core/t5/trained_weights.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

DropoutSites sites_of(double rate, std::vector<std::int64_t> samples) {
  return DropoutSites(rate, dropout_keys(3, samples));
}

TEST(ModelDropout, ATinyRateIsAlmostNone) {
  const T5Config config = small_config();
  const Model model = small_model(config, 7, at::kDouble);
  const Batch batch = small_batch(config, {6, 2, 9}, {3, 1, 4}, 8);
  const double plain = model.loss_sum(batch, {}).item<double>();
  EXPECT_NEAR(model.loss_sum(batch, {}, sites_of(1e-9, {1, 2, 3})).item<double>(), plain, 1e-6 * plain);
  EXPECT_GT(std::abs(model.loss_sum(batch, {}, sites_of(0.3, {1, 2, 3})).item<double>() - plain), 1e-2);
}

TEST(ModelDropout, AnExampleIsDroppedAlikeInAnyBatch) {
  const T5Config config = small_config();
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
    const Model model = small_model(config, 7, dtype);
    const std::vector<std::vector<std::int32_t>> sources = {{3, 4, 5, 6, 7, 8, 9}, {11}, {12, 13, 14}};
    const std::vector<std::vector<std::int32_t>> targets = {{0, 1}, {0, 2, 3, 4}, {0, 5, 6}};
    const Batch all = make_batch(sources, targets, config.pad_token_id, at::kCPU);
    const double together = model.loss_sum(all, {}, sites_of(0.2, {5, 6, 7})).item<double>();
    double alone = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const Batch one = make_batch({&sources[i], 1}, {&targets[i], 1}, config.pad_token_id, at::kCPU);
      alone += model.loss_sum(one, {}, sites_of(0.2, {5 + static_cast<std::int64_t>(i)})).item<double>();
    }
    EXPECT_NEAR(together, alone, (dtype == at::kDouble ? 1e-11 : 1e-4) * alone);
  }
}

// With the masks held, the loss is a smooth function of the weights.
TEST(ModelDropout, GradientsEqualCentralDifferencesRecomputedOrNot) {
  const T5Config config = small_config();
  const TrainedWeights weights(config, spread_weights(config, 3, at::kDouble));
  Model model(config, weights.weights());
  const Batch batch = small_batch(config, {5, 3}, {2, 3}, 4);
  const DropoutSites dropout = sites_of(0.3, {1, 2});
  const at::Tensor gradient = at::zeros_like(weights.flat());
  weights.accumulate_into(gradient);
  model.loss_sum(batch, {}, dropout).backward();
  const at::Tensor direction = random_tensor({gradient.numel()}, 11);
  const auto loss_at = [&](double step) {
    const at::NoGradGuard no_graph;
    weights.flat().add_(direction, step);
    const double loss = model.loss_sum(batch, {}, dropout).item<double>();
    weights.flat().add_(direction, -step);
    return loss;
  };
  constexpr double step = 1e-6;
  const double slope = (loss_at(step) - loss_at(-step)) / (2 * step);
  const double expected = gradient.dot(direction).item<double>();
  EXPECT_NEAR(slope, expected, 1e-6 * std::abs(expected) + 1e-6);

  const at::Tensor again = at::zeros_like(gradient);
  weights.accumulate_into(again);
  model.recompute_layers();
  model.loss_sum(batch, {}, dropout).backward();
  EXPECT_LE(relative_difference(again, gradient), 1e-13);
}

TEST(ModelDropout, EveryPlaceHasItsOwnMask) {
  const at::Tensor x = at::ones({1, 64, 64}, at::kDouble);
  const at::Tensor none;
  const DropoutSites dropout = sites_of(0.5, {9});
  std::vector<at::Tensor> masks;
  for (const StackKind stack : {StackKind::encoder, StackKind::decoder}) {
    for (const bool end : {false, true}) masks.push_back(dropout.drop_stack(x, stack, end));
    for (const std::int64_t layer : {0, 1, 2}) {
      for (const Sublayer sublayer : {Sublayer::self_attention, Sublayer::cross_attention, Sublayer::feed_forward}) {
        for (const DropoutPoint point : {DropoutPoint::intermediate, DropoutPoint::output}) {
          masks.push_back(dropout.drop(x, {stack, layer, sublayer, none}, point));
        }
      }
    }
  }
  for (std::size_t i = 0; i < masks.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double agree = masks[i].eq(masks[j]).to(at::kDouble).mean().item<double>();
      EXPECT_NEAR(agree, 0.5, 0.05) << i << " and " << j;
    }
  }
}

}  // namespace
}  // namespace prelude
