// A backbone in slices over ranks against the whole one, which every rank works out for itself.
#include "dist/gathered_layers.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/delta/soft_prompt.h"
#include "core/t5/model.h"
#include "core/t5/parallel_cost.h"
#include "tests/core/t5/small_backbone.h"
#include "tests/dist/ranks.h"
#include "tests/dist/recording_communicator.h"
#include "tests/dist/variants.h"

namespace prelude {
namespace {

using test::group;
using test::random_tensor;
using test::relative_difference;
using test::variants;

constexpr double allowed = 1e-6;  // relative, float32

LayerShare our_share() { return {group().rank(), group().size()}; }

// `whole`'s model in slices over all ranks.
Model sliced_model(const T5Config& config, const Weights& whole) {
  Weights shared = share_weights(config, whole, our_share());
  gather_layers(config, shared, group().split(0, "layers"));
  return Model(config, shared);
}

SoftPrompt some_prompt(const T5Config& config) {
  return SoftPrompt(random_tensor({3, config.d_model}, 5).to(at::kFloat), at::kCPU);
}

struct Outcome {
  at::Tensor loss;      // []
  at::Tensor gradient;  // [P*D]
};

Outcome outcome_of(const Model& model, const Batch& batch) {
  const SoftPrompt prompt = some_prompt(model.config());
  const at::Tensor loss = model.loss_sum(batch, DeltaSites(prompt));
  loss.backward();
  return {loss.detach(), prompt.trainable().flat().grad()};
}

void expect_same(const Outcome& got, const Outcome& expected, const std::string& where) {
  EXPECT_LT(relative_difference(got.loss, expected.loss), allowed) << where;
  EXPECT_LT(relative_difference(got.gradient, expected.gradient), allowed) << where;
}

// Each rank has a batch of its own, and several in turn: buffers hold what the one before left in them.
TEST(GatheredLayers, EveryVariantIsTheWholeModel) {
  for (const auto& [name, config] : variants()) {
    const Weights whole = test::spread_weights(config, 11, at::kFloat);
    const Model expected(config, whole);
    const Model model = sliced_model(config, whole);
    for (std::uint64_t turn = 0; turn < 3; ++turn) {
      const auto extra = static_cast<std::size_t>(group().rank()) + turn;
      const Batch batch = test::small_batch(config, {9 + extra, 4, 17}, {3, 1, 2}, 3 + 10 * extra);
      expect_same(outcome_of(model, batch), outcome_of(expected, batch), name);
    }
  }
}

// A forward alone in between, as in a validation.
TEST(GatheredLayers, AForwardAloneMayComeBetween) {
  const auto config = variants()[1].config;
  const Weights whole = test::spread_weights(config, 12, at::kFloat);
  const Model expected(config, whole);
  const Model model = sliced_model(config, whole);
  const Batch batch = test::small_batch(config, {8, 13}, {2, 3}, 4);
  const SoftPrompt prompt = some_prompt(config);
  const DeltaSites sites(prompt);
  for (int turn = 0; turn < 2; ++turn) {
    {
      const at::NoGradGuard no_graph;
      EXPECT_LT(relative_difference(model.loss_sum(batch, sites), expected.loss_sum(batch, sites)), allowed);
    }
    expect_same(outcome_of(model, batch), outcome_of(expected, batch), "after a forward");
  }
}

// Ranks that have fewer batches than others keep up with them.
TEST(GatheredLayers, IdlePassesStandForBatches) {
  const auto config = variants()[4].config;
  const Weights whole = test::spread_weights(config, 13, at::kFloat);
  const Model expected(config, whole);
  const Model model = sliced_model(config, whole);
  for (const bool graph : {true, false, true}) {
    const at::AutoGradMode mode(graph);
    const int most = 3;
    const int mine = (group().rank() + (graph ? 0 : 1)) % (most + 1);
    for (int k = 0; k < mine; ++k) {
      const auto seed = static_cast<std::uint64_t>(10 * group().rank() + k);
      const Batch batch = test::small_batch(config, {4 + static_cast<std::size_t>(k), 9}, {2, 1}, seed);
      if (graph) {
        expect_same(outcome_of(model, batch), outcome_of(expected, batch), "with idle ranks");
      } else {
        EXPECT_LT(relative_difference(model.loss_sum(batch, DeltaSites()), expected.loss_sum(batch, DeltaSites())),
                  allowed);
      }
    }
    model.pass_idly(most - mine);
  }
}

TEST(GatheredLayers, ARankHoldsItsShareAndTwoLayersOfMemory) {
  for (const auto& [name, config] : variants()) {
    Weights whole = test::spread_weights(config, 14, at::kFloat);
    std::int64_t replicated = 0;
    std::vector<std::int64_t> layers(static_cast<std::size_t>(config.num_layers + config.num_decoder_layers));
    for (const WeightSlot& slot : weight_slots(config, whole)) {
      (slot.layer < 0 ? replicated : layers[static_cast<std::size_t>(slot.layer)]) += slot.tensor.get().numel();
    }
    const std::int64_t ranks = group().size();
    std::int64_t slices = 0;
    std::int64_t largest = 0;
    for (const std::int64_t elements : layers) {
      const std::int64_t slice = (elements + ranks - 1) / ranks;
      slices += slice;
      largest = std::max(largest, ranks * slice);
    }
    const Model model = sliced_model(config, whole);
    EXPECT_EQ(model.weights().bytes(), 4 * (slices + replicated)) << name;
    EXPECT_EQ(model.weights().encoder.source->memory_bytes(), 2 * 4 * largest) << name;
  }
}

// Between forward and backward nothing but the two buffers' own views refers to their memory.
TEST(GatheredLayers, TheGraphKeepsNoLayer) {
  const auto config = variants()[1].config;
  const Model model = sliced_model(config, test::spread_weights(config, 15, at::kFloat));
  const Batch batch = test::small_batch(config, {8, 13}, {2, 3}, 4);
  const SoftPrompt prompt = some_prompt(config);
  const auto references = [&] {
    const auto last = static_cast<std::size_t>(config.num_decoder_layers - 1);
    return model.weights().decoder.layer(last).self_attention.q.storage().use_count();
  };
  {
    const at::NoGradGuard no_graph;
    (void)model.loss_sum(batch, DeltaSites(prompt));
  }
  const auto without_graph = references();
  const at::Tensor loss = model.loss_sum(batch, DeltaSites(prompt));
  EXPECT_EQ(references(), without_graph);
  loss.backward();
}

// Ahead of use, in both directions, also where a layer is computed again before its backward.
TEST(GatheredLayers, TheNextLayerIsBegunBeforeThisOneIsUsed) {
  const auto config = variants()[4].config;  // 5 + 1 layers
  Weights shared = share_weights(config, test::spread_weights(config, 17, at::kFloat), {0, 2});
  auto recording = std::make_unique<test::RecordingCommunicator>(0, 2);
  const auto& calls = recording->calls();
  GatheredLayers layers(config, shared, std::move(recording));
  const auto begun_after = [&](const std::function<void()>& use) {
    use();
    return calls.size();
  };
  const std::vector<std::size_t> upward{2, 3, 4, 5, 6, 6};
  for (std::size_t i = 0; i < upward.size(); ++i) {
    EXPECT_EQ(begun_after([&] { layers.layer(static_cast<std::int64_t>(i)); }), upward[i]) << i;
  }
  // Layers 5 and 4 are still there, and at the end 1 and 0.
  const std::vector<std::size_t> downward{10, 10, 9, 8, 7, 6};
  for (std::size_t i = upward.size(); i-- > 0;) {
    const auto number = static_cast<std::int64_t>(i);
    if (i % 2 == 0) {
      EXPECT_EQ(begun_after([&] { layers.layer(number); }), downward[i]) << i;
    }
    EXPECT_EQ(begun_after([&] { (void)layers.recall(number); }), downward[i]) << i;
    EXPECT_EQ(begun_after([&] { (void)layers.recall(number); }), downward[i]) << i;
  }
}

// What a rank of many asks for, without them.
TEST(GatheredLayers, GathersAreAsCounted) {
  for (const int ranks : {2, 8, 64}) {
    for (const auto& [name, config] : variants()) {
      const Weights whole = test::spread_weights(config, 16, at::kFloat);
      Weights shared = share_weights(config, whole, {0, ranks});
      auto recording = std::make_unique<test::RecordingCommunicator>(0, ranks);
      const auto& calls = recording->calls();
      gather_layers(config, shared, std::move(recording));
      const Model model(config, shared);
      const Batch batch = test::small_batch(config, {5, 6}, {2, 1}, 4);
      (void)outcome_of(model, batch);
      const std::size_t first = calls.size();
      const std::int64_t micro_batches = 3;
      for (std::int64_t k = 0; k < micro_batches; ++k) (void)outcome_of(model, batch);
      std::int64_t bytes = 0;
      for (std::size_t k = first; k < calls.size(); ++k) bytes += ranks * calls[k].bytes();
      const Collectives counted = layer_gathers(config, ranks, 4);
      EXPECT_EQ(static_cast<std::int64_t>(calls.size() - first), micro_batches * counted.number) << name;
      EXPECT_EQ(bytes, micro_batches * counted.bytes) << name;
      const std::int64_t layers = config.num_layers + config.num_decoder_layers;
      EXPECT_EQ(counted.number, 2 * (layers - 2)) << name;
      EXPECT_EQ(static_cast<std::int64_t>(first), layers + layers - 2) << name;
    }
  }
}

}  // namespace
}  // namespace prelude
