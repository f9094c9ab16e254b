#include "core/delta/prompt_set.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/delta/soft_prompt.h"
#include "core/error.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude::test {
namespace {

at::Tensor loss_of(const Model& model, const Batch& batch, const DeltaSites& sites) {
  const at::NoGradGuard no_graph;
  return model.loss_sum(batch, sites);
}

// Three prompts in one batch against one soft prompt at a time.
TEST(PromptSet, EachExampleHasItsOwnPrompt) {
  const T5Config config = small_config();
  const Model model = small_model(config, 3, at::kDouble);
  const at::Tensor prompts = random_tensor({3, 4, config.d_model}, 5);
  const PromptSet set(prompts, at::kCPU);
  const std::vector<std::size_t> lengths{5, 2, 7, 3};
  const std::vector<std::int64_t> ids{2, 0, 2, 1};
  const Batch batch = small_batch(config, lengths, {2, 2, 2, 2}, 6);
  double alone = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    Batch one = batch;
    one.source_ids = batch.source_ids.narrow(0, row, 1).narrow(1, 0, static_cast<std::int64_t>(lengths[i]));
    one.source_lengths = batch.source_lengths.narrow(0, row, 1);
    one.decoder_ids = batch.decoder_ids.narrow(0, row, 1);
    one.target_lengths = batch.target_lengths.narrow(0, row, 1);
    one.labels = batch.labels.narrow(0, row, 1);
    const SoftPrompt prompt(prompts[ids[i]], at::kCPU);
    alone += loss_of(model, one, DeltaSites(prompt)).item<double>();
  }
  const DeltaSites sites(set, at::tensor(ids, at::kLong));
  EXPECT_NEAR(loss_of(model, batch, sites).item<double>(), alone, 1e-10);
}

TEST(PromptSet, NeedsAnIdForEachExample) {
  const T5Config config = small_config();
  const Model model = small_model(config, 3, at::kDouble);
  const PromptSet set(random_tensor({3, 4, config.d_model}, 5), at::kCPU);
  const Batch batch = small_batch(config, {5, 2}, {2, 2}, 6);
  EXPECT_THROW(loss_of(model, batch, DeltaSites(set)), InternalError);
  EXPECT_THROW(loss_of(model, batch, DeltaSites(set, at::zeros({3}, at::kLong))), InternalError);
}

}  // namespace
}  // namespace prelude::test
