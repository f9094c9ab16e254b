#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "tests/launch/commands/experiment_bench.h"

namespace prelude::test {
namespace {

using nlohmann::json;

class Tune : public testing::Test {
 protected:
  std::vector<std::string> tune(const std::string& output, const std::string& method,
                                const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"tune",
                                   "--backbone",
                                   bench_.path("backbone"),
                                   "--rows",
                                   bench_.path("films.ini"),
                                   "--data",
                                   "films=" + bench_.path("films"),
                                   "--method",
                                   method,
                                   "--shots",
                                   "8",
                                   "--steps",
                                   "12",
                                   "--global-batch",
                                   "4",
                                   "--micro-tokens",
                                   "64",
                                   "--output",
                                   bench_.path(output),
                                   "--device",
                                   "cpu",
                                   "--threads",
                                   "1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // Accuracy of `prelude evaluate` on the test examples in this form.
  double evaluated(const std::string& ending, const std::vector<std::string>& model) const {
    std::string lines;
    std::istringstream test(read_file(bench_.path("films") + "/test.jsonl"));
    for (std::string line; std::getline(test, line);) {
      const json example = json::parse(line);
      lines += json{{"source", example.at("review").get<std::string>() + ending},
                    {"candidates", {"<extra_id_0> bad", "<extra_id_0> good"}},
                    {"label", example.at("liked").get<bool>() ? 1 : 0}}
                   .dump() +
               "\n";
    }
    write_file(bench_.path("test.jsonl"), lines);
    std::vector<std::string> words{"evaluate",  "--input", bench_.path("test.jsonl"), "--device", "cpu",
                                   "--threads", "1"};
    words.insert(words.end(), model.begin(), model.end());
    const ProgramResult run = run_program(words);
    EXPECT_EQ(run.code, 0) << run.errors;
    return json::parse(run.output).at("accuracy");
  }

  ExperimentBench bench_;
};

TEST_F(Tune, IsACellOfAnExperimentAndKeepsItsPrompt) {
  const ProgramResult run = run_program(tune("out", "pt", {"--prompt-length", "4", "--seed", "20"}));
  ASSERT_EQ(run.code, 0) << run.errors;
  ASSERT_EQ(bench_.run("all", {{"--methods", {"pt"}}, {"--seeds", {"20"}}}).code, 0);
  json cell = json::parse(read_file(bench_.path("out") + "/result.json"));
  cell.erase("seconds");
  cell.erase("identity");
  EXPECT_EQ(cell, bench_.results("all").at("cells").at(0));
  EXPECT_EQ(json::parse(run.output).at("test"), cell.at("test"));
  EXPECT_NE(run.errors.find("step 0: "), std::string::npos) << run.errors;
  EXPECT_NE(run.errors.rfind(" 100%"), std::string::npos) << run.errors;
  EXPECT_EQ(run.errors.rfind('%'), run.errors.rfind(" 100%") + 4) << run.errors;
  const std::vector<std::string> model{"--backbone", bench_.path("backbone"), "--prompt",
                                       bench_.path("out") + "/prompt"};
  EXPECT_EQ(evaluated("<extra_id_0>", model), cell.at("test").at("accuracy"));
}

TEST_F(Tune, AFinishedRunSaysWhoMadeItAndIsKnown) {
  const std::vector<std::string> words = tune("out", "pt", {"--prompt-length", "4"});
  ASSERT_EQ(run_program(words).code, 0);
  const std::string result = bench_.path("out") + "/result.json";
  json file = json::parse(read_file(result));
  file["revision"] = "0123abcd";
  write_file(result, file.dump());
  const ProgramResult again = run_program(words);
  EXPECT_EQ(again.code, 0) << again.errors;
  EXPECT_NE(again.errors.find("note: another revision of the program made this result (0123abcd;"), std::string::npos)
      << again.errors;
  const ProgramResult inspected = run_program({"inspect", bench_.path("out"), "--json"});
  ASSERT_EQ(inspected.code, 0) << inspected.errors;
  const json facts = json::parse(inspected.output);
  EXPECT_EQ(facts.at("kind"), "tune run");
  EXPECT_EQ(facts.at("finished"), true);
  EXPECT_EQ(facts.at("method"), "pt");
}

TEST_F(Tune, WritesABackboneWhoseWeightsTrained) {
  const ProgramResult run = run_program(tune("out", "ft", {"--learning-rate", "1e-3"}));
  ASSERT_EQ(run.code, 0) << run.errors;
  const json cell = json::parse(read_file(bench_.path("out") + "/result.json"));
  EXPECT_EQ(evaluated(" It was <extra_id_0>.", {"--backbone", bench_.path("out") + "/backbone"}),
            cell.at("test").at("accuracy"));
  EXPECT_FALSE(std::filesystem::exists(bench_.path("out") + "/prompt"));
}

TEST_F(Tune, TellsMistakes) {
  const auto error_of = [&](const std::vector<std::string>& words) {
    const ProgramResult run = run_program(words);
    EXPECT_EQ(run.code, 2) << run.errors;
    return run.errors;
  };
  EXPECT_EQ(error_of(tune("out", "ppt")),
            "prelude: error: method ppt starts from a pre-trained prompt; give --prompt\n");
  EXPECT_EQ(error_of(tune("out", "pt", {"--prompt", bench_.path("cls.npy")})),
            "prelude: error: --prompt: method pt starts without one; leave it out\n");
  const std::string few = error_of(tune("out", "pt", {"--split", "given"}));
  EXPECT_NE(few.find("has no dev file in its row"), std::string::npos) << few;
  std::vector<std::string> all = tune("out", "pt", {"--split", "draw"});
  *std::find(all.begin(), all.end(), "8") = "all";
  EXPECT_NE(error_of(all).find("--split draw takes N examples to train and N to choose, but --shots all"),
            std::string::npos);
  std::vector<std::string> film = tune("out", "pt");
  *std::find(film.begin(), film.end(), "films=" + bench_.path("films")) = "film=" + bench_.path("films");
  EXPECT_NE(error_of(film).find("did you mean 'films'?"), std::string::npos);
  std::vector<std::string> many = tune("out", "pt");
  *std::find(many.begin(), many.end(), "8") = "400";
  EXPECT_NE(error_of(many).find("class 'false' has 20 examples"), std::string::npos);
}

}  // namespace
}  // namespace prelude::test
