// The prompt's gradient against central differences in float64.
#include <gtest/gtest.h>

#include <functional>

#include "core/delta/soft_prompt.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

struct GradientCase {
  const char* name;
  std::function<void(T5Config&)> change;
  std::vector<std::size_t> sources;
  std::vector<std::size_t> targets;
};

class PromptGradient : public testing::TestWithParam<GradientCase> {};

TEST_P(PromptGradient, EqualsCentralDifferences) {
  T5Config config = small_config();
  GetParam().change(config);
  const Model model = small_model(config, 7, at::kDouble);
  const Batch batch = small_batch(config, GetParam().sources, GetParam().targets, 8);
  SoftPrompt prompt(random_tensor({4, config.d_model}, 9), at::kCPU);
  const DeltaSites sites(prompt);
  model.loss_sum(batch, sites).backward();
  const at::Tensor gradient = prompt.trainable().flat().grad();

  const at::Tensor values = prompt.rows().detach().flatten().clone();
  at::Tensor differences = at::empty_like(values);
  const at::NoGradGuard no_grad;
  const auto loss_with = [&](std::int64_t i, double step) {
    at::Tensor moved = values.clone();
    moved[i] += step;
    prompt.trainable().set(0, moved.view({4, config.d_model}));
    return model.loss_sum(batch, sites).item<double>();
  };
  constexpr double step = 1e-5;
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    differences[i] = (loss_with(i, step) - loss_with(i, -step)) / (2 * step);
  }
  EXPECT_GT(gradient.abs().max().item<double>(), 1e-3);
  EXPECT_LE(relative_difference(gradient, differences), 1e-7);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, PromptGradient,
    testing::Values(
        GradientCase{"gated_gelu", [](T5Config&) {}, {6}, {3}},
        GradientCase{"padded", [](T5Config&) {}, {6, 1, 9}, {3, 1, 2}},
        GradientCase{"silu", [](T5Config& c) { c.activation = Activation::silu; }, {5, 5}, {2, 2}},
        GradientCase{
            "tied_scaled", [](T5Config& c) { c.tie_word_embeddings = c.scale_decoder_outputs = true; }, {6, 2}, {3, 3}},
        GradientCase{"plain_gelu",
                     [](T5Config& c) {
                       c.gated = false;
                       c.activation = Activation::gelu;
                     },
                     {7},
                     {1}},
        GradientCase{"one_layer", [](T5Config& c) { c.num_layers = c.num_decoder_layers = 1; }, {3, 11}, {4, 2}}),
    [](const auto& c) { return c.param.name; });

TEST(Padding, ChangesNoExample) {
  const T5Config config = small_config();
  const Model model = small_model(config, 7, at::kDouble);
  const std::vector<std::vector<std::int32_t>> sources = {{3, 4, 5, 6, 7, 8, 9}, {11}, {12, 13, 14}};
  const std::vector<std::vector<std::int32_t>> targets = {{0, 1}, {0, 2, 3, 4}, {0, 5, 6}};
  SoftPrompt prompt(random_tensor({2, config.d_model}, 9), at::kCPU);
  const DeltaSites sites(prompt);
  const double together =
      model.loss_sum(make_batch(sources, targets, config.pad_token_id, at::kCPU), sites).item<double>();
  double alone = 0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const Batch one = make_batch({&sources[i], 1}, {&targets[i], 1}, config.pad_token_id, at::kCPU);
    alone += model.loss_sum(one, sites).item<double>();
  }
  EXPECT_NEAR(together, alone, 1e-11 * alone);
}

TEST(EmptySource, IsAllPromptAndStaysFiniteWithoutOne) {
  const T5Config config = small_config();
  const Model model = small_model(config, 7, at::kDouble);
  const std::vector<std::vector<std::int32_t>> sources = {{}, {5, 6}};
  const std::vector<std::vector<std::int32_t>> targets = {{0, 1}, {0, 2}};
  const Batch batch = make_batch(sources, targets, config.pad_token_id, at::kCPU);
  EXPECT_TRUE(model.loss_sum(batch, {}).isfinite().item<bool>());
}

}  // namespace
}  // namespace prelude
