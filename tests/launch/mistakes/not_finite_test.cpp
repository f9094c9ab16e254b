// Backbones with a number that is not finite, in whole commands: none takes it for an answer.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/io/safetensors.h"
#include "core/t5/initialise.h"
#include "core/t5/load.h"
#include "core/text/tokenizer.h"
#include "tests/launch/commands/experiment_bench.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// Puts `number` into one element of a float32 tensor of the backbone in `folder`.
void put_number(const std::string& folder, const std::string& tensor, std::int64_t element, float number) {
  const std::string path = folder + "/model.safetensors";
  std::size_t at = 0;
  {
    const SafetensorsFile file(path);
    const TensorBytes* const found = file.find(tensor);
    ASSERT_TRUE(found != nullptr && found->type == TensorType::f32);
    at = static_cast<std::size_t>(reinterpret_cast<const char*>(found->bytes.data()) - file.mapping()->text().data());
  }
  std::string bytes = read_file(path);
  std::memcpy(bytes.data() + at + static_cast<std::size_t>(element) * sizeof number, &number, sizeof number);
  write_file(path, bytes);
}

// In the embedding of the last piece of `word`.
void spoil_word(const std::string& folder, const std::string& word, float number) {
  const auto width = nlohmann::json::parse(read_file(folder + "/config.json")).at("d_model").get<std::int64_t>();
  const std::int64_t id = Tokenizer::load(Workshop::tokenizer()).encode(word).back();
  put_number(folder, "shared.weight", id * width + 5, number);
}

class NotFiniteNumbers : public testing::Test {
 protected:
  // A small backbone with a number of `word`'s embedding spoilt; its output matrix is its own, so that only lines with
  // the word see it.
  std::string spoilt(const std::string& name, const std::string& word, float number = nan) {
    T5Config config = named_t5_config("tiny");
    config.tie_word_embeddings = false;
    const std::string folder = shop_.path(name);
    save_backbone(folder, config, initialise_weights(config, 1, at::kCPU, at::kFloat), Workshop::tokenizer());
    spoil_word(folder, word, number);
    return folder;
  }

  // Exit code 2 and one line that says all of `said`; standard output is empty and `absent` is not there.
  static void expect_refused(const Words& words, const Words& said, const std::string& absent) {
    const ProgramResult run = run_program(words);
    EXPECT_EQ(run.code, 2) << run.errors;
    EXPECT_EQ(run.output, "");
    const std::string line = run.errors.substr(std::min(run.errors.find("prelude: error: "), run.errors.size()));
    EXPECT_EQ(line.find('\n'), line.size() - 1) << run.errors;
    for (const std::string& part : said) EXPECT_NE(line.find(part), std::string::npos) << part << " not in " << line;
    EXPECT_FALSE(fs::exists(absent));
  }

  Workshop shop_;
};

const char* const healthy_line =
    R"({"source": "It rained.<extra_id_0>", "candidates": ["<extra_id_0> yes", "<extra_id_0> no"], "label": 1})"
    "\n";

TEST_F(NotFiniteNumbers, ArePredictionsOfNoLine) {
  const std::vector<std::pair<std::string, std::string>> lines{
      {R"({"source": "my dog<extra_id_0>", "candidates": ["<extra_id_0> yes", "<extra_id_0> no"], "label": 0})",
       "candidate 0: its log-probability is NaN"},
      {R"({"source": "It<extra_id_0>", "candidates": ["<extra_id_0> yes", "<extra_id_0> dog a"], "label": 0})",
       "candidate 1: its log-probability is NaN"},
      {R"({"source": "my dog<extra_id_0>", "target": "<extra_id_0> yes"})", "target: its log-probability is NaN"},
      {R"({"source": "my dog<extra_id_0>"})", "the logit of generated id 0 is NaN"}};
  const std::string backbone = spoilt("spoilt", "dog");
  for (const auto& [line, said] : lines) {
    SCOPED_TRACE(line);
    const std::string input = shop_.file("lines.jsonl", healthy_line + line + "\n");
    const Words all{"lines.jsonl line 2", said, "`prelude inspect --verify`", "--dtype float32"};
    expect_refused({"predict", "--backbone", backbone, "--input", input, "--output", shop_.path("out"), "--device",
                    "cpu", "--threads", "1", "--dtype", "float32"},
                   all, shop_.path("out"));
    if (line.find("label") == std::string::npos) continue;
    expect_refused({"evaluate", "--backbone", backbone, "--input", input, "--device", "cpu", "--threads", "1"}, all,
                   shop_.path("out"));
  }
}

TEST_F(NotFiniteNumbers, EndEveryCommandThatReadsACorpus) {
  const std::string backbone = spoilt("spoilt", "document", -std::numeric_limits<float>::infinity());
  const auto of = [&](Words words) {
    words.insert(words.end(), {"--backbone", backbone, "--device", "cpu", "--threads", "1", "--dtype", "float32"});
    return words;
  };
  const Words said{"the loss of held-out example ", "`prelude inspect --verify`"};
  expect_refused(of({"evaluate", "--corpus", shop_.corpus(), "--task", "nsp", "--examples", "4"}), said, "none");
  expect_refused(of({"pretrain", "--corpus", shop_.corpus(), "--output", shop_.path("run"), "--steps", "3",
                     "--global-batch", "2", "--prompt-length", "4", "--validation-examples", "3"}),
                 said, shop_.path("run/prompt"));
  expect_refused(of({"lm", "--corpus", shop_.corpus(), "--output", shop_.path("lm"), "--steps", "3", "--global-batch",
                     "2", "--max-source", "64", "--validation-windows", "2"}),
                 said, shop_.path("lm/backbone"));
  expect_refused(of({"corpus", "label", shop_.corpus(), "--output", shop_.path("labelled"), "--label-words", "good",
                     "bad", "fine", "poor", "great"}),
                 {"a class's probability for sentence", "`prelude inspect --verify`"},
                 shop_.path("labelled/corpus.json"));
}

// A table has no row of numbers that mean nothing.
TEST(NotFiniteCells, FailWithTheirReason) {
  const ExperimentBench bench;
  spoil_word(bench.path("backbone"), "story", nan);
  const ProgramResult run = bench.run("out");
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.errors.find("4 of 4 cells failed"), std::string::npos) << run.errors;
  for (const auto& cell : bench.results("out").at("cells")) {
    EXPECT_TRUE(cell.at("failed").get<bool>());
    const std::string error = cell.at("error");
    EXPECT_NE(error.find(".jsonl"), std::string::npos) << error;
    EXPECT_NE(error.find("the score of answer 0 is NaN"), std::string::npos) << error;
    EXPECT_FALSE(cell.contains("test"));
  }
  const ProgramResult tuned = run_program({"tune",
                                           "--backbone",
                                           bench.path("backbone"),
                                           "--rows",
                                           bench.path("films.ini"),
                                           "--data",
                                           "films=" + bench.path("films"),
                                           "--method",
                                           "pt",
                                           "--prompt-length",
                                           "4",
                                           "--shots",
                                           "8",
                                           "--steps",
                                           "0",
                                           "--output",
                                           bench.path("tuned"),
                                           "--device",
                                           "cpu",
                                           "--threads",
                                           "1"});
  EXPECT_EQ(tuned.code, 2);
  EXPECT_NE(tuned.errors.find("the score of answer 0 is NaN"), std::string::npos) << tuned.errors;
  EXPECT_FALSE(fs::exists(bench.path("tuned") + "/result.json"));
}

TEST_F(NotFiniteNumbers, AreCountedByInspect) {
  const std::string folder = shop_.copy(shop_.backbone(), "spoilt");
  put_number(folder, "encoder.final_layer_norm.weight", 7, nan);
  put_number(folder, "shared.weight", 64 * 1030 + 3, nan);
  put_number(folder, "shared.weight", 64 * 1030 + 4, std::numeric_limits<float>::infinity());
  EXPECT_EQ(run_program({"inspect", folder}).code, 0);  // headers alone
  for (const std::string& path : {folder, folder + "/model.safetensors"}) {
    const ProgramResult run = run_program({"inspect", "--verify", "--json", path});
    EXPECT_EQ(run.code, 2);
    const auto facts = nlohmann::json::parse(run.output);
    EXPECT_EQ(facts.at("validity"), "not sound: numbers are not finite");
    ASSERT_EQ(facts.at("not_finite").size(), 2U);
    std::string all = facts.at("not_finite").dump();
    EXPECT_NE(all.find("shared.weight: 1 NaN and 1 infinite of "), std::string::npos) << all;
    EXPECT_NE(all.find("the first at [1030,3]"), std::string::npos) << all;
    EXPECT_NE(all.find("encoder.final_layer_norm.weight: 1 NaN and 0 infinite of 64 numbers, the first at [7]"),
              std::string::npos)
        << all;
    EXPECT_NE(run.errors.find("is not sound: "), std::string::npos) << run.errors;
  }
  EXPECT_EQ(run_program({"inspect", "--verify", shop_.backbone()}).code, 0);
}

}  // namespace
}  // namespace prelude::test
