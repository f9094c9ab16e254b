// export, import and inspect, as the program itself does them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/io/npy.h"
#include "core/io/pt_file.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

using nlohmann::json;

std::string golden(const std::string& name) { return PRELUDE_SOURCE_DIR "/tests/data/" + name; }

std::vector<double> golden_values(double scale = 1) {
  std::vector<double> values;
  values.reserve(15);
  for (int i = 0; i < 15; ++i) values.push_back((i - 7) / 4.0 * scale);
  return values;
}

class PromptCommands : public testing::Test {
 protected:
  std::string must(const std::vector<std::string>& arguments) {
    const ProgramResult result = run_program(arguments);
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(result.errors, "");
    return result.output;
  }
  json inspect(const std::string& path, bool verify = false) {
    std::vector<std::string> arguments{"inspect", path, "--json"};
    if (verify) arguments.emplace_back("--verify");
    return json::parse(must(arguments));
  }
  Workshop shop_;
};

TEST_F(PromptCommands, PromptsGoThroughEveryFormUnchanged) {
  const std::string said = must({"import", "--input", golden("peft/two-submodules"), "--output", shop_.path("a")});
  EXPECT_NE(said.find("note: rows 3 to 5 are dead"), std::string::npos);
  EXPECT_NE(said.find("3 x 5, float32"), std::string::npos);
  must({"export", "--prompt", shop_.path("a"), "--output", shop_.path("b.npy")});
  EXPECT_EQ(read_npy(shop_.path("b.npy")).values, golden_values());
  must({"export", "--prompt", shop_.path("b.npy"), "--output", shop_.path("c.pt")});
  EXPECT_EQ(read_pt(shop_.path("c.pt")).values, golden_values());
  must({"export", "--prompt", shop_.path("c.pt"), "--output", shop_.path("d")});
  must({"export", "--prompt", shop_.path("d"), "--output", shop_.path("e.npy")});
  EXPECT_EQ(read_npy(shop_.path("e.npy")).values, golden_values());
}

TEST_F(PromptCommands, InspectKnowsAShardOfACorpus) {
  const std::string shard = shop_.corpus() + "/shard-00000.h5";
  for (const bool verify : {false, true}) {
    const json facts = inspect(shard, verify);
    EXPECT_EQ(facts["kind"], "corpus shard");
    EXPECT_GT(facts["sentences"], 0);
  }
  const std::string damaged = shop_.with_flip(shop_.corpus(), "flipped", "shard-00000.h5");
  expect_mistakes({{"a damaged shard", {"inspect", damaged + "/shard-00000.h5", "--verify"}, {"missing or damaged"}},
                   {"a shard alone",
                    {"inspect", shop_.without(shop_.corpus(), "alone", "corpus.json") + "/shard-00000.h5"},
                    {"there is no", "corpus.json"}}});
}

TEST_F(PromptCommands, PptsSpaceIsEnteredAndLeft) {
  must({"import", "--input", golden("pt/float16.pt"), "--output", shop_.path("a"), "--scale", "100"});
  const json facts = inspect(shop_.path("a"));
  EXPECT_EQ(facts["scale"], 100.0);
  EXPECT_EQ(facts["origin"]["imported_from"], golden("pt/float16.pt"));
  EXPECT_EQ(facts["origin"]["imported_sha256"].get<std::string>().size(), 64U);
  must({"export", "--prompt", shop_.path("a"), "--output", shop_.path("b.pt"), "--scale", "0.01"});
  EXPECT_EQ(read_pt(shop_.path("b.pt")).values, golden_values());
}

TEST_F(PromptCommands, ImportKeepsTheBackboneItWasCheckedAgainst) {
  must({"import", "--input", shop_.prompt(), "--output", shop_.path("a"), "--backbone", shop_.backbone()});
  EXPECT_EQ(inspect(shop_.path("a"))["base_model"], shop_.backbone());
}

TEST_F(PromptCommands, InspectKnowsABackbone) {
  json facts = inspect(golden("golden/v1_1"));
  EXPECT_EQ(facts["kind"], "backbone");
  // 48 x 16 twice; encoder 2 x (4 x 16 x 16 + 3 x 16 x 24 + 2 x 16) + 32 x 4 + 16; decoder 2 x (8 x 16 x 16 + ...).
  const int encoder = 2 * (4 * 256 + 3 * 384 + 32) + 128 + 16;
  const int decoder = 2 * (8 * 256 + 3 * 384 + 48) + 128 + 16;
  EXPECT_EQ(facts["parameters"], 2 * 48 * 16 + encoder + decoder);
  EXPECT_EQ(facts["feed_forward"], "gated gelu (tanh)");
  EXPECT_FALSE(facts.contains("weights_xxh3"));
  facts = inspect(golden("golden/v1_1"), true);
  EXPECT_EQ(facts["weights_xxh3"].get<std::string>().size(), 32U);
  EXPECT_NE(facts["validity"].get<std::string>().find("every byte read"), std::string::npos);
}

TEST_F(PromptCommands, InspectKnowsACorpusARunAndItsCheckpoint) {
  const json corpus = inspect(shop_.corpus(), true);
  EXPECT_EQ(corpus["kind"], "corpus");
  EXPECT_EQ(corpus["documents"], 40);
  EXPECT_EQ(corpus["sentences"], 480);

  ASSERT_EQ(run_program(shop_.pretrain("run")).code, 0);
  const json run = inspect(shop_.path("run"));
  EXPECT_EQ(run["kind"], "run");
  EXPECT_EQ(run["step"], 2);
  EXPECT_EQ(run["delta"], json::array({"prompt_embeddings: 4 x 64"}));
  EXPECT_EQ(run["trained_numbers"], 4 * 64);
  EXPECT_NE(run["configuration"].get<std::string>().find("steps = 2"), std::string::npos);
  EXPECT_FALSE(run.contains("notes"));

  const std::string checkpoint = shop_.path("run/checkpoints/step-00000002.h5");
  EXPECT_EQ(inspect(checkpoint)["kind"], "checkpoint");
  EXPECT_EQ(inspect(checkpoint)["backbone_hash"], inspect(shop_.backbone(), true)["weights_xxh3"]);
  EXPECT_EQ(inspect(shop_.path("run/prompt"))["origin"]["step"], "2");

  shop_.with_flip(shop_.path("run/checkpoints"), "other", "step-00000002.h5");
  shop_.copy(shop_.path("run"), "damaged");
  shop_.copy(shop_.path("other/step-00000002.h5"), "damaged/checkpoints/step-00000003.h5");
  const json damaged = inspect(shop_.path("damaged"));
  EXPECT_EQ(damaged["step"], 2);
  ASSERT_EQ(damaged["notes"].size(), 1U);
  EXPECT_NE(damaged["notes"][0].get<std::string>().find("step-00000003.h5' is damaged"), std::string::npos);
}

TEST_F(PromptCommands, InspectPrintsALineAFact) {
  const std::string said = must({"inspect", golden("peft/one-submodule")});
  EXPECT_NE(said.find("kind                prompt\n"), std::string::npos);
  EXPECT_NE(said.find("rows                3\n"), std::string::npos);
  EXPECT_NE(
      must({"inspect", golden("peft/one-submodule/adapter_model.safetensors")}).find("prompt_embeddings: 3 x 5, F32"),
      std::string::npos);
}

}  // namespace
}  // namespace prelude::test
