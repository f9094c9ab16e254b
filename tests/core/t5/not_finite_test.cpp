// A number that is not finite, in any weight or in the prompt, shows in float32 (our kernels) as it does in float64
// (ATen's operators), and is never lost in bfloat16.
#include "tests/core/ops/not_finite.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>

#include "core/delta/soft_prompt.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

struct Outcome {
  at::Tensor logits;    // [B,T,V]
  at::Tensor loss;      // []
  at::Tensor gradient;  // [P*D]
};

// Attention in plain operators: LibTorch's fused one takes a row of scores that are all -infinity for a hidden one.
// They are what a dropout of next to nothing asks for, which drops nothing.
DropoutSites plain_operators(const Batch& batch) {
  return {1e-12, dropout_keys(1, std::vector<std::int64_t>(static_cast<std::size_t>(batch.labels.size(0))))};
}

Outcome run(const T5Config& config, Weights weights, const at::Tensor& rows, const Batch& batch, at::ScalarType type) {
  for (const WeightSlot& slot : weight_slots(config, weights)) slot.tensor.get() = slot.tensor.get().to(type);
  if (config.tie_word_embeddings) weights.lm_head = weights.embedding;
  const Model model(config, std::move(weights));
  const SoftPrompt prompt(rows.to(type), at::kCPU);
  const DeltaSites sites(prompt);
  Outcome outcome;
  const DropoutSites dropout = type == at::kDouble ? plain_operators(batch) : DropoutSites();
  outcome.loss = model.loss_sum(batch, sites, dropout);
  outcome.loss.backward();
  outcome.gradient = prompt.trainable().flat().grad();
  const at::NoGradGuard no_graph;
  const EncoderOutput encoded = model.encode(batch.source_ids, batch.source_lengths, sites, false, dropout);
  outcome.logits = model.logits(model.decode(batch.decoder_ids, encoded, sites, dropout));
  return outcome;
}

class ModelCarriesNotFinite : public testing::TestWithParam<int> {
 protected:
  static T5Config config() {
    T5Config config = small_config();
    config.num_layers = 2;
    config.gated = GetParam() < 3;
    config.activation = std::array{Activation::gelu_tanh, Activation::silu, Activation::relu, Activation::relu}.at(
        static_cast<std::size_t>(GetParam()));
    config.tie_word_embeddings = GetParam() % 2 == 1;
    return config;
  }

  void expect_alike(const Weights& weights, const at::Tensor& rows) const {
    const Outcome exact = run(config_, weights, rows, batch_, at::kDouble);
    const Outcome single = run(config_, weights, rows, batch_, at::kFloat);
    EXPECT_TRUE(same_kind(single.logits, exact.logits, 1e-3)) << "logits";
    EXPECT_TRUE(same_kind(single.loss, exact.loss, 1e-3)) << "loss";
    EXPECT_TRUE(same_kind(single.gradient, exact.gradient, 1e-2)) << "gradient";
    const Outcome half = run(config_, weights, rows, batch_, at::kBFloat16);
    EXPECT_TRUE(at::equal(half.logits.isfinite(), exact.logits.isfinite())) << "bfloat16";
    EXPECT_EQ(half.loss.isfinite().item<bool>(), exact.loss.isfinite().item<bool>()) << "bfloat16";
  }

  T5Config config_ = config();
  Weights weights_ = spread_weights(config_, 5, at::kDouble);
  at::Tensor rows_ = random_tensor({2, config_.d_model}, 6);
  Batch batch_ = small_batch(config_, {6, 6}, {3, 3}, 7);  // nothing is padded
};

TEST_P(ModelCarriesNotFinite, InEveryWeight) {
  expect_alike(weights_, rows_);
  Weights names = weights_;
  for (const WeightSlot& slot : weight_slots(config_, names)) {
    const at::Tensor whole = slot.tensor.get();
    std::int64_t place = whole.numel() / 2;
    if (slot.name == "shared.weight") place = batch_.source_ids[0][2].item<std::int64_t>() * config_.d_model + 3;
    if (slot.name.find("relative_attention_bias") != std::string::npos) place = 0;  // of the nearest distances
    for (const float number : not_finite_numbers) {
      // The plain form hides by a large number, which is more than -infinity: the first position would see what it must
      // not.
      if (number < 0 && slot.name.starts_with("decoder") && place == 0) continue;
      SCOPED_TRACE(fmt::format("{}: {}", slot.name, number));
      slot.tensor.get() = with_number(whole, place, number);
      expect_alike(names, rows_);
      if (HasFailure()) return;
    }
    slot.tensor.get() = whole;
  }
}

TEST_P(ModelCarriesNotFinite, InThePrompt) {
  for (const float number : not_finite_numbers) {
    SCOPED_TRACE(number);
    expect_alike(weights_, with_number(rows_, config_.d_model + 1, number));
  }
}

INSTANTIATE_TEST_SUITE_P(All, ModelCarriesNotFinite, testing::Range(0, 4));

}  // namespace
}  // namespace prelude
