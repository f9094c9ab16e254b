// The seam: a delta that the T5 code knows nothing of enters at every site, with an independent T5 as the judge.
#include <gtest/gtest.h>

#include "core/delta/soft_prompt.h"
#include "tests/core/delta/every_site.h"
#include "tests/core/delta/slow_t5.h"
#include "tests/core/operator_log.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

constexpr SiteSet every_site = (1U << 9U) - 1;

std::vector<std::int64_t> row(const at::Tensor& ids, std::int64_t i, std::int64_t length) {
  const std::int64_t* first = ids.data_ptr<std::int64_t>() + i * ids.size(1);
  return {first, first + length};
}

struct Sums {
  double loss;
  at::Tensor gradient;  // [N], undefined if nothing of the delta is reached
};

Sums slow(const Model& model, const Batch& batch, const EverySite& delta) {
  const at::Tensor flat = delta.trainable().flat().detach().clone().requires_grad_(true);
  std::map<std::string, at::Tensor> parts;
  std::int64_t offset = 0;
  for (const NamedShape& part : delta.trainable().parts()) {
    const std::int64_t size = c10::multiply_integers(part.shape);
    parts[part.name] = flat.slice(0, offset, offset + size).view(part.shape);
    offset += size;
  }
  SlowT5 t5(model.config(), model.weights(), delta.sites(), parts);
  at::Tensor sum = at::zeros({}, at::kDouble);
  for (std::int64_t i = 0; i < batch.source_ids.size(0); ++i) {
    const std::int64_t steps = batch.target_lengths[i].item<std::int64_t>();
    sum = sum + t5.loss(row(batch.source_ids, i, batch.source_lengths[i].item<std::int64_t>()),
                        row(batch.decoder_ids, i, steps), row(batch.labels, i, steps),
                        batch.task_ids[i].item<std::int64_t>());
  }
  if (sum.requires_grad()) sum.backward();
  return {sum.item<double>(), flat.grad()};
}

Sums fast(const Model& model, const Batch& batch, EverySite& delta) {
  const at::Tensor sum = model.loss_sum(batch, DeltaSites(delta, batch.task_ids));
  if (sum.requires_grad()) sum.backward();
  return {sum.item<double>(), delta.trainable().flat().grad()};
}

Batch task_batch(const T5Config& config) {
  Batch batch = small_batch(config, {6, 1, 4}, {2, 3, 1}, 5);
  batch.task_ids = at::tensor({2, 0, 1}, at::kLong);
  return batch;
}

T5Config plain_config() {
  T5Config config = small_config();
  config.gated = false;
  config.activation = Activation::relu;
  config.tie_word_embeddings = config.scale_decoder_outputs = true;
  return config;
}

class Sites : public testing::TestWithParam<SiteSet> {};

TEST_P(Sites, LossAndGradientEqualTheSlowT5) {
  for (const T5Config& config : {small_config(), plain_config()}) {
    const Model model = small_model(config, 3, at::kDouble);
    EverySite delta(config, GetParam(), 4);
    const Batch batch = task_batch(config);
    const Sums expected = slow(model, batch, delta);
    const Sums got = fast(model, batch, delta);
    EXPECT_NEAR(got.loss, expected.loss, 1e-9 * expected.loss);
    ASSERT_EQ(got.gradient.defined(), expected.gradient.defined());
    if (expected.gradient.defined()) {
      EXPECT_LE(relative_difference(got.gradient, expected.gradient), 1e-9);
    }
  }
}

std::vector<SiteSet> each_site_and_all() {
  std::vector<SiteSet> sets = {0, every_site, site_bit(Site::block_output) | site_bit(Site::encoder_output)};
  for (unsigned bit = 0; bit < 9; ++bit) sets.push_back(1U << bit);
  return sets;
}

INSTANTIATE_TEST_SUITE_P(EachAndAll, Sites, testing::ValuesIn(each_site_and_all()));

TEST(EverySiteDelta, GradientsReachEveryPart) {
  const T5Config config = small_config();
  EverySite delta(config, every_site, 4);
  const Sums sums = fast(small_model(config, 3, at::kDouble), task_batch(config), delta);
  std::int64_t offset = 0;
  for (const NamedShape& part : delta.trainable().parts()) {
    const std::int64_t size = c10::multiply_integers(part.shape);
    EXPECT_GT(sums.gradient.slice(0, offset, offset + size).abs().max().item<double>(), 0.0) << part.name;
    offset += size;
  }
  EXPECT_EQ(delta.blocks(), config.num_layers + config.num_decoder_layers);
  EXPECT_TRUE(at::equal(delta.lengths(), at::tensor({9, 4, 7}, at::kLong)));
}

TEST(EmptySite, CostsNoOperator) {
  const T5Config config = small_config();
  const Model model = small_model(config, 3, at::kDouble);
  const Batch batch = task_batch(config);
  const OperatorLog bare([&] { model.loss_sum(batch, {}); });
  const EverySite delta(config, 0, 4);
  const OperatorLog empty([&] { model.loss_sum(batch, DeltaSites(delta, batch.task_ids)); });
  EXPECT_GT(bare.all().size(), 100U);
  EXPECT_EQ(empty.all(), bare.all());
}

// Beyond the soft prompt's own few operators at the input, the forward is the bare backbone's.
TEST(EmptySite, CostsNothingBesideASoftPrompt) {
  const T5Config config = small_config();
  const Model model = small_model(config, 3, at::kFloat);
  const Batch batch = task_batch(config);
  const SoftPrompt prompt(random_tensor({3, config.d_model}, 2).to(at::kFloat), at::kCPU);
  const OperatorLog bare([&] { model.loss_sum(batch, {}); });
  const at::NoGradGuard no_grad;  // gradients of the output matrix are the only other difference
  const OperatorLog prompted([&] { model.loss_sum(batch, DeltaSites(prompt)); });
  for (const char* name : {"mkldnn::_linear_pointwise", "prelude::attention"}) {
    EXPECT_GT(bare.count(name), 0) << name;
    EXPECT_EQ(prompted.count(name), bare.count(name)) << name;
  }
  EXPECT_LE(prompted.all().size(), bare.all().size() + 24);
}

TEST(BlockOutput, AloneRunsTheBackboneWithoutAGraph) {
  const T5Config config = small_config();
  const Model model = small_model(config, 3, at::kDouble);
  const Batch batch = task_batch(config);
  const EverySite delta(config, site_bit(Site::block_output), 4);
  const DeltaSites sites(delta, batch.task_ids);
  const EncoderOutput encoded = model.encode(batch.source_ids, batch.source_lengths, sites);
  EXPECT_FALSE(encoded.hidden.requires_grad());
  EXPECT_FALSE(model.decode(batch.decoder_ids, encoded, sites).requires_grad());
  EXPECT_FALSE(delta.graph_in_block_output());
}

TEST(BlockOutput, IsDetachedWhereOtherSitesTrain) {
  const T5Config config = small_config();
  EverySite delta(config, every_site, 4);
  fast(small_model(config, 3, at::kDouble), task_batch(config), delta);
  EXPECT_FALSE(delta.graph_in_block_output());
}

}  // namespace
}  // namespace prelude
