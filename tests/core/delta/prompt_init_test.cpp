#include "core/delta/prompt_init.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "core/error.h"
#include "tests/core/random_tensor.h"

namespace prelude {
namespace {

using namespace test;

RandomStream stream(std::uint64_t seed) { return RandomStream(seed, Purpose::prompt_init, 0); }

// An embedding whose row i is (i, -i): a row tells its id.
at::Tensor telling_embedding(std::int64_t vocabulary) {
  const at::Tensor ids = at::arange(vocabulary, at::kFloat);
  return at::stack({ids, -ids}, 1);
}

std::vector<std::int32_t> ids_of(const at::Tensor& prompt) {
  std::vector<std::int32_t> ids;
  for (std::int64_t i = 0; i < prompt.size(0); ++i)
    ids.push_back(static_cast<std::int32_t>(prompt[i][0].item<float>()));
  return ids;
}

TEST(PromptFromVocabulary, DrawsWithoutReplacementAmongTheGivenIds) {
  std::vector<std::int32_t> allowed(50);
  std::iota(allowed.begin(), allowed.end(), 10);
  RandomStream random = stream(1);
  const at::Tensor prompt = prompt_from_vocabulary(telling_embedding(100), 40, allowed, random);
  EXPECT_EQ(prompt.sizes(), at::IntArrayRef({40, 2}));
  EXPECT_EQ(prompt.scalar_type(), at::kFloat);
  const auto drawn = ids_of(prompt);
  EXPECT_EQ(std::set<std::int32_t>(drawn.begin(), drawn.end()).size(), 40U);
  for (const std::int32_t id : drawn) EXPECT_TRUE(10 <= id && id < 60) << id;
  RandomStream again = stream(1);
  EXPECT_TRUE(at::equal(prompt_from_vocabulary(telling_embedding(100), 40, allowed, again), prompt));
  RandomStream other = stream(2);
  EXPECT_FALSE(at::equal(prompt_from_vocabulary(telling_embedding(100), 40, allowed, other), prompt));
}

TEST(PromptFromVocabulary, EveryIdIsAsLikely) {
  const std::vector<std::int32_t> allowed = {0, 1, 2, 3, 4, 5, 6, 7};
  std::map<std::int32_t, int> counts;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    RandomStream random = stream(seed);
    for (const std::int32_t id : ids_of(prompt_from_vocabulary(telling_embedding(8), 2, allowed, random))) ++counts[id];
  }
  double chi_square = 0;
  for (const std::int32_t id : allowed) chi_square += std::pow(counts[id] - 1000.0, 2) / 1000.0;
  EXPECT_LT(chi_square, 24.3);  // 7 degrees of freedom, p = 0.001
}

TEST(PromptFromVocabulary, AShortListIsUsedUpBeforeItRepeats) {
  RandomStream random = stream(1);
  const auto drawn =
      ids_of(prompt_from_vocabulary(telling_embedding(9), 7, std::vector<std::int32_t>{2, 5, 8}, random));
  EXPECT_EQ(std::set<std::int32_t>(drawn.begin(), drawn.begin() + 3), (std::set<std::int32_t>{2, 5, 8}));
  EXPECT_EQ(std::set<std::int32_t>(drawn.begin() + 3, drawn.begin() + 6), (std::set<std::int32_t>{2, 5, 8}));
}

TEST(PromptFromIds, RepeatsOrCuts) {
  const std::vector<std::int32_t> ids = {4, 7, 1};
  EXPECT_EQ(ids_of(prompt_from_ids(telling_embedding(9), 7, ids)), (std::vector<std::int32_t>{4, 7, 1, 4, 7, 1, 4}));
  EXPECT_EQ(ids_of(prompt_from_ids(telling_embedding(9), 2, ids)), (std::vector<std::int32_t>{4, 7}));
}

TEST(PromptFromIds, MistakesAreTheUsers) {
  EXPECT_THROW(prompt_from_ids(telling_embedding(9), 2, {}), UserError);
  EXPECT_THROW(prompt_from_ids(telling_embedding(9), 2, std::vector<std::int32_t>{9}), UserError);
  EXPECT_THROW(prompt_from_ids(telling_embedding(9), 2, std::vector<std::int32_t>{-1}), UserError);
  RandomStream random = stream(1);
  EXPECT_THROW(prompt_from_vocabulary(telling_embedding(9), 2, {}, random), UserError);
}

TEST(PromptNormal, HasItsSpread) {
  RandomStream random = stream(1);
  const at::Tensor prompt = prompt_normal(100, 400, 0.25, random);
  EXPECT_NEAR(prompt.std().item<double>(), 0.25, 0.005);
  EXPECT_NEAR(prompt.mean().item<double>(), 0.0, 0.01);
  EXPECT_NEAR(embedding_spread(prompt.to(at::kBFloat16)), 0.25, 0.005);
}

TEST(PromptIdentical, IsOneRowOfItsSpreadInEveryPlace) {
  RandomStream random = stream(1);
  const at::Tensor prompt = prompt_identical(7, 4096, ppt_row_spread, random);
  ASSERT_EQ(prompt.sizes(), at::IntArrayRef({7, 4096}));
  EXPECT_TRUE(prompt.is_contiguous());
  EXPECT_TRUE(at::equal(prompt, prompt[0].expand({7, -1})));
  EXPECT_NEAR(prompt.std().item<double>(), 0.1, 0.005);  // 100 times PPT's 0.001
  EXPECT_NEAR(prompt.mean().item<double>(), 0.0, 0.01);
  RandomStream other = stream(2);
  EXPECT_FALSE(at::equal(prompt_identical(7, 4096, ppt_row_spread, other), prompt));
}

TEST(PromptUniform, FillsItsRange) {
  RandomStream random = stream(1);
  const at::Tensor prompt = prompt_uniform(100, 400, 0.5, random);
  EXPECT_LT(prompt.max().item<double>(), 0.5);
  EXPECT_GE(prompt.min().item<double>(), -0.5);
  EXPECT_NEAR(prompt.std().item<double>(), 1 / std::sqrt(12.0), 0.005);
}

}  // namespace
}  // namespace prelude
