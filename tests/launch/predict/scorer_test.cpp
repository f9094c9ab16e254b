#include "launch/predict/scorer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/t5/load.h"
#include "tests/launch/one_rank.h"
#include "tests/launch/predict/golden_requests.h"

namespace prelude::test {
namespace {

std::string target_name(std::size_t job, std::size_t target) { return fmt::format("job {}, target {}", job, target); }
std::string source_name(std::size_t source) { return fmt::format("source {}", source); }

// The golden generation stops at the end-of-sequence id, which those models never say. With another id in its place,
// the continuation must be the same up to and with the first of that id.
TEST(GenerateGreedily, StopsAtTheEndOfSequence) {
  const OneRank one;
  const GoldenFile golden{"gated_tied", false};
  Backbone backbone = load_backbone(golden.backbone_folder(), at::kCPU, at::kFloat);
  std::vector<Ids> sources;
  std::vector<Ids> whole;
  for (const auto& line : golden.lines()) {
    if (!line["expected"].contains("generated_ids")) continue;
    sources.push_back(line["source_ids"].get<Ids>());
    whole.push_back(line["expected"]["generated_ids"].get<Ids>());
  }
  bool stopped_early = false;
  for (const Ids& ids : whole) {
    backbone.config.eos_token_id = ids[1];
    const LoadedModel loaded(Model(backbone.config, backbone.weights), nullptr, std::nullopt, "", at::kCPU,
                             one.ranks.data());
    const std::vector<Ids> generated =
        generate_greedily(loaded, sources, {.examples = 4}, static_cast<std::int64_t>(ids.size()), source_name);
    ASSERT_EQ(generated.size(), whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      Ids expected = whole[i];
      const auto end = std::find(expected.begin(), expected.end(), ids[1]);
      if (end != expected.end()) expected.erase(end + 1, expected.end());
      EXPECT_EQ(generated[i], expected);
      stopped_early = stopped_early || expected.size() < whole[i].size();
    }
  }
  EXPECT_TRUE(stopped_early);
}

TEST(Score, OfNothingIsNothing) {
  const OneRank one;
  const GoldenFile golden{"v1_1", true};
  const LoadedModel loaded =
      LoadedModel::load(golden.backbone_folder(), golden.prompt_folder(), one.session, one.ranks);
  EXPECT_TRUE(score(loaded, {}, {.examples = 4}, target_name).empty());
  EXPECT_TRUE(generate_greedily(loaded, {}, {.examples = 4}, 4, source_name).empty());
  EXPECT_EQ(loaded.prompt_rows(), 20);
  EXPECT_EQ(loaded.tokenizer(), nullptr);
}

// A NaN in the embedding of one id: whoever reads it is named, and nobody else's number is lost for an answer.
TEST(Score, RefusesWhatIsNotFinite) {
  const OneRank one;
  const GoldenFile golden{"v1_1", false};
  Backbone backbone = load_backbone(golden.backbone_folder(), at::kCPU, at::kFloat);
  backbone.weights.embedding = backbone.weights.embedding.clone();
  backbone.weights.embedding[9].fill_(std::nan(""));
  const LoadedModel loaded(Model(backbone.config, backbone.weights), nullptr, std::nullopt, "", at::kCPU,
                           one.ranks.data());
  const auto mistake = [](const auto& work) -> std::string {
    try {
      work();
    } catch (const UserError& error) {
      return error.what();
    }
    return "none";
  };
  const std::vector<ScoringJob> jobs{{{3, 4}, {{5, 6}}}, {{3, 9}, {{5, 6}}}, {{3, 4}, {{5}, {9, 6}}}};
  for (const auto& [first, said] : std::vector<std::pair<std::size_t, std::string>>{
           {0, "none"}, {1, "job 0, target 0: its log-probability is NaN"}, {2, "job 0, target 1: its log-"}}) {
    const auto text = mistake([&] { score(loaded, std::span(jobs).subspan(first, 1), {.examples = 4}, target_name); });
    EXPECT_NE(text.find(said), std::string::npos) << text;
  }
  const std::vector<Ids> sources{{3, 4}, {3, 9}};
  EXPECT_EQ(mistake([&] { generate_greedily(loaded, std::span(sources).first(1), {.examples = 4}, 3, source_name); }),
            "none");
  const auto text = mistake([&] { generate_greedily(loaded, sources, {.examples = 4}, 3, source_name); });
  EXPECT_NE(text.find("source 1: the logit of generated id 0 is NaN"), std::string::npos) << text;
}

// With a prompt an empty source is the prompt alone.
TEST(Score, TakesAnEmptySourceBehindAPrompt) {
  const OneRank one;
  const GoldenFile golden{"v1_1", true};
  const LoadedModel loaded =
      LoadedModel::load(golden.backbone_folder(), golden.prompt_folder(), one.session, one.ranks);
  const std::vector<ScoringJob> alone{{{}, {{5, 6}}}};
  const std::vector<ScoringJob> beside{{{}, {{5, 6}}}, {{7, 8, 9, 10}, {{5, 6, 7}}}};
  const auto first = score(loaded, alone, {.examples = 1}, target_name)[0][0];
  const auto second = score(loaded, beside, {.examples = 2}, target_name)[0][0];
  for (std::size_t t = 0; t < 2; ++t) {
    EXPECT_LT(first[t], 0.0);
    EXPECT_NEAR(first[t], second[t], 1e-5);
  }
}

}  // namespace
}  // namespace prelude::test
