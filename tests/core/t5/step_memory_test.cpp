#include "core/t5/step_memory.h"

#include <gtest/gtest.h>

#include "core/delta/soft_prompt.h"
#include "core/t5/trained_weights.h"
#include "tests/core/counting_allocator.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude::test {
namespace {

struct Measured {
  std::int64_t saved;  // alive between forward and backward
  std::int64_t peak;   // most that was alive in either
};

// A step after one that warms up.
Measured measure(const T5Config& config, const BatchShape& shape, at::ScalarType dtype, bool padded, bool recompute) {
  constexpr std::int64_t prompt_rows = 20;
  Model model = small_model(config, 1, dtype);
  if (recompute) model.recompute_layers();
  std::vector<std::size_t> lengths(static_cast<std::size_t>(shape.batch),
                                   static_cast<std::size_t>(shape.source - prompt_rows));
  if (padded) lengths.front() -= 1;
  const std::vector<std::size_t> targets(lengths.size(), static_cast<std::size_t>(shape.target));
  const Batch batch = small_batch(config, lengths, targets, 2);
  const SoftPrompt prompt(random_tensor({prompt_rows, config.d_model}, 3).to(at::kFloat), at::kCPU);
  model.loss_sum(batch, DeltaSites(prompt)).backward();

  const CountedMemory counted;
  CountingAllocator::reset();
  const std::int64_t before = CountingAllocator::alive();
  at::Tensor loss = model.loss_sum(batch, DeltaSites(prompt));
  const std::int64_t saved = CountingAllocator::alive() - before;
  loss.backward();
  return {saved, CountingAllocator::most() - before};
}

T5Config measured_config(bool gated, std::int64_t vocabulary) {
  T5Config config = small_config();
  config.d_model = 64;
  config.d_kv = 16;
  config.num_heads = 4;
  config.d_ff = 160;
  config.num_layers = 4;
  config.num_decoder_layers = 3;
  config.gated = gated;
  config.vocab_size = vocabulary;
  return config;
}

void expect_estimate(const T5Config& config, const BatchShape& shape, at::ScalarType dtype, bool padded,
                     bool recompute = false) {
  const auto element = static_cast<std::int64_t>(c10::elementSize(dtype));
  const Measured measured = measure(config, shape, dtype, padded, recompute);
  const StepMemory estimate = step_memory(config, shape, {1, element, dtype == at::kFloat, recompute}, padded);
  const std::int64_t saved = estimate.encoder + estimate.decoder + estimate.bias;
  const std::string where =
      fmt::format("gated {}, {} bytes, padded {}, vocabulary {}: saved {} of {}, peak {} of {}", config.gated, element,
                  padded, config.vocab_size, saved, measured.saved, estimate.total(), measured.peak);
  // Beside them the loss, and with padding lengths and the mask over the encoder's output.
  const std::int64_t small = padded ? 4 * shape.batch * (shape.source + 8) : 0;
  EXPECT_GE(measured.saved, saved + 4) << where;
  EXPECT_LE(measured.saved, saved + 4 + small) << where;
  EXPECT_NEAR(static_cast<double>(estimate.total()) / static_cast<double>(measured.peak), 1.0, 0.01) << where;
}

TEST(StepMemory, IsWhatTheAllocatorCounts) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    for (const bool padded : {false, true}) {
      expect_estimate(measured_config(true, 300), {4, 120, 5}, dtype, padded);
      expect_estimate(measured_config(false, 300), {4, 120, 5}, dtype, padded);
      expect_estimate(measured_config(true, 32128), {2, 60, 40}, dtype, padded);
    }
  }
}

TEST(StepMemory, IsWhatTheAllocatorCountsWhereLayersAreRunAgain) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    for (const bool padded : {false, true}) {
      for (const bool gated : {false, true}) {
        expect_estimate(measured_config(gated, 300), {4, 120, 5}, dtype, padded, true);
      }
    }
  }
}

// All weights train. The buffer of their gradient is not counted.
std::int64_t peak_of_training(const T5Config& config, const BatchShape& shape, at::ScalarType dtype, bool padded,
                              bool recompute) {
  const TrainedWeights weights(config, spread_weights(config, 1, dtype));
  Model model(config, weights.weights());
  if (recompute) model.recompute_layers();
  weights.accumulate_into(at::zeros({weights.flat().numel()}, at::kFloat));
  std::vector<std::size_t> lengths(static_cast<std::size_t>(shape.batch), static_cast<std::size_t>(shape.source));
  if (padded) lengths.front() -= 1;
  const std::vector<std::size_t> targets(lengths.size(), static_cast<std::size_t>(shape.target));
  const Batch batch = small_batch(config, lengths, targets, 2);
  model.loss_sum(batch, {}).backward();
  const CountedMemory counted;
  CountingAllocator::reset();
  const std::int64_t before = CountingAllocator::alive();
  model.loss_sum(batch, {}).backward();
  return CountingAllocator::most() - before;
}

void expect_training_estimate(const T5Config& config, const BatchShape& shape, at::ScalarType dtype, bool padded,
                              bool recompute) {
  const auto element = static_cast<std::int64_t>(c10::elementSize(dtype));
  const bool kernels = dtype == at::kFloat;
  const std::int64_t measured = peak_of_training(config, shape, dtype, padded, recompute);
  const StepMemory estimate = step_memory(config, shape, {1, element, kernels, recompute, true, !kernels}, padded);
  EXPECT_NEAR(static_cast<double>(estimate.total()) / static_cast<double>(measured), 1.0, 0.08) << fmt::format(
      "gated {}, tied {}, {} bytes, padded {}, again {}, vocabulary {}, {} x {} + {}: {} of {} (working {})",
      config.gated, config.tie_word_embeddings, element, padded, recompute, config.vocab_size, shape.batch,
      shape.source, shape.target, estimate.total(), measured, estimate.working);
}

TEST(StepMemory, OfAllWeightsIsWhatTheAllocatorCounts) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    for (const bool recompute : {false, true}) {
      for (const bool tied : {false, true}) {
        const bool padded = recompute != tied;
        const auto config = [tied](bool gated, std::int64_t vocabulary) {
          T5Config made = measured_config(gated, vocabulary);
          made.tie_word_embeddings = tied;
          return made;
        };
        expect_training_estimate(config(true, 300), {4, 120, 5}, dtype, padded, recompute);
        expect_training_estimate(config(false, 300), {4, 120, 5}, dtype, !padded, recompute);
        expect_training_estimate(config(true, 300), {4, 120, 120}, dtype, padded, recompute);
        expect_training_estimate(config(true, 300), {2, 30, 200}, dtype, padded, recompute);
        expect_training_estimate(config(true, 32128), {2, 60, 40}, dtype, padded, recompute);
        expect_training_estimate(config(true, 32128), {2, 60, 2}, dtype, !padded, recompute);
        expect_training_estimate(config(true, 4000), {8, 100, 20}, dtype, padded, recompute);
      }
    }
  }
}

TEST(StepMemory, ShrinksWithTheTensorDegree) {
  const T5Config config = named_t5_config("t5-xxl");
  const StepMemory one = step_memory(config, {16, 512, 10}, {1, 2, false}, true);
  const StepMemory eight = step_memory(config, {16, 512, 10}, {8, 2, false}, true);
  EXPECT_EQ(one.bias, 8 * eight.bias);
  EXPECT_LT(eight.total(), one.total() / 3);
  EXPECT_GT(eight.total(), one.total() / 8);  // the norms' inputs are whole
}

}  // namespace
}  // namespace prelude::test
