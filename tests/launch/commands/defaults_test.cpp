// Every command with its defaults, on tiny data: it runs, and does what the manual says of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "tests/launch/commands/experiment_bench.h"
#include "tests/launch/commands/lm_bench.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

// The lines of a metrics.jsonl that tell of steps.
std::vector<json> steps_of(const std::string& run) {
  std::vector<json> steps;
  std::istringstream lines(read_file(run + "/metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    json object = json::parse(line);
    if (object.contains("learning_rate")) steps.push_back(std::move(object));
  }
  return steps;
}

class Defaults : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return shop_.path(name); }
  static ProgramResult must(const Words& words) {
    ProgramResult result = run_program(words);
    EXPECT_EQ(result.code, 0) << words.at(0) << ": " << result.errors;
    return result;
  }

  ExperimentBench bench_;
  Workshop shop_;
};

TEST_F(Defaults, OfCommandsOfAFewSeconds) {
  const std::string questions = shop_.file("q.jsonl",
                                           "{\"source\": \"It rains.<extra_id_0>\", \"candidates\": "
                                           "[\"<extra_id_0> yes\", \"<extra_id_0> no\"], \"label\": 0}\n");
  const std::string backbone = shop_.backbone();
  must({"corpus", "build", "--input", shop_.text(), "--tokenizer", Workshop::tokenizer(), "--output", path("built")});
  must({"corpus", "stats", path("built")});
  must({"corpus", "verify", path("built")});
  must({"corpus", "label", path("built"), "--backbone", backbone, "--output", path("labelled")});
  must({"tokenizer", "train", "--input", PRELUDE_SOURCE_DIR "/data/text/books-small.jsonl.gz", "--output",
        path("tokenizer"), "--max-sentences", "20000"});
  must({"tokenizer", "encode", "--tokenizer", path("tokenizer") + "/spiece.model", "--input",
        shop_.file("a.txt", "x\n")});
  must({"backbone", "create", "--shape", "tiny", "--tokenizer", path("tokenizer") + "/spiece.model", "--output",
        path("tiny")});
  must({"export", "--prompt", shop_.prompt(), "--output", path("p.npy")});
  must({"import", "--input", path("p.npy"), "--output", path("imported")});
  must({"inspect", backbone});
  must({"predict", "--backbone", backbone, "--prompt", shop_.prompt(), "--input", questions});
  must({"evaluate", "--backbone", backbone, "--prompt", shop_.prompt(), "--input", questions});
  must({"evaluate", "--backbone", backbone, "--corpus", shop_.corpus(), "--examples", "4"});
  must({"plan"});
  must({"slurm", "--", "pretrain", "--backbone", backbone, "--corpus", shop_.corpus(), "--output", path("job")});
  must({"bench", "--shape", "tiny", "--steps", "1"});
}

TEST_F(Defaults, ARateThatHardlyMovesThePromptIsTold) {
  const Words words{"pretrain", "--backbone", shop_.backbone(),        "--corpus", shop_.corpus(),
                    "--steps",  "1",          "--validation-examples", "8"};
  const auto errors_at = [&](const std::string& rate) {
    Words all = words;
    all.insert(all.end(), {"--learning-rate", rate, "--output", path("rate-" + rate)});
    return must(all).errors;
  };
  const std::string warning = "warning: that is little: PPT's own rates are for a T5 divided by 100";
  EXPECT_EQ(errors_at("0.3").find(warning), std::string::npos);
  EXPECT_NE(errors_at("0.001").find(warning), std::string::npos);
}

// The manual: 0.3, constant.
TEST_F(Defaults, OfPretrain) {
  must({"pretrain", "--backbone", shop_.backbone(), "--corpus", shop_.corpus(), "--output", path("run"), "--steps", "3",
        "--validation-examples", "8"});
  const auto steps = steps_of(path("run"));
  ASSERT_EQ(steps.size(), 3U);
  for (const json& step : steps) {
    EXPECT_EQ(step.at("learning_rate"), 0.3);
    EXPECT_EQ(step.at("examples"), 32);
  }
}

// The manual: T5's schedule, 0.01 after a warm-up of a tenth of a short run; and it learns.
TEST(LmDefaults, ClimbToT5sRateAndLearn) {
  const LmBench bench;
  const ProgramResult run = bench.lm("run", {{"--steps", "200"},
                                             {"--learning-rate", ""},
                                             {"--warmup-steps", ""},
                                             {"--global-batch", ""},
                                             {"--checkpoint-every", ""},
                                             {"--evaluate-every", "100"}});
  ASSERT_EQ(run.code, 0) << run.errors;
  const auto steps = steps_of(bench.path("run"));
  ASSERT_EQ(steps.size(), 200U);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double climbed = i < 20 ? static_cast<double>(i + 1) / 21 : 1;
    EXPECT_NEAR(steps[i].at("learning_rate").get<double>(), 0.01 * climbed, 1e-12) << i;
    EXPECT_EQ(steps[i].at("examples"), 32);
  }
  std::vector<double> held_out;
  for (const auto& line : bench.metrics("run")) {
    if (line.contains("validation_loss")) held_out.push_back(line["validation_loss"]);
  }
  ASSERT_EQ(held_out.size(), 3U);
  EXPECT_LT(held_out.back(), held_out.front() - 1) << "the rate of the manual trains";
  // Run again with more steps, the warm-up stays what it was.
  const ProgramResult more = bench.lm("run", {{"--steps", "210"},
                                              {"--learning-rate", ""},
                                              {"--warmup-steps", ""},
                                              {"--global-batch", ""},
                                              {"--checkpoint-every", ""},
                                              {"--evaluate-every", "100"}});
  EXPECT_EQ(more.code, 0) << more.errors;
}

TEST(LmDefaults, ResumeWithoutAWarning) {
  const LmBench bench;
  const LmBench::Options defaults{{"--micro-tokens", ""}, {"--threads", ""}};
  ASSERT_EQ(bench.lm("run", defaults).code, 0);
  LmBench::Options more = defaults;
  more["--steps"] = "44";
  const ProgramResult again = bench.lm("run", more);
  ASSERT_EQ(again.code, 0) << again.errors;
  EXPECT_EQ(again.errors.find("warning"), std::string::npos) << again.errors;
}

// The manual: 0.3 for a prompt, 1e-3 for all weights, as in an experiment. ft learns these films with it.
TEST_F(Defaults, OfTune) {
  for (const char* method : {"pt", "ppt", "ft"}) {
    Words words{"tune",
                "--backbone",
                bench_.path("backbone"),
                "--rows",
                bench_.path("films.ini"),
                "--data",
                "films=" + bench_.path("films"),
                "--method",
                method,
                "--shots",
                "16",
                "--steps",
                "24",
                "--output",
                path(method)};
    if (std::string(method) == "ppt") words.insert(words.end(), {"--prompt", bench_.path("cls.npy")});
    const ProgramResult run = must(words);
    const json result = json::parse(read_file(path(method) + "/result.json"));
    EXPECT_EQ(result.at("rate"), std::string(method) == "ft" ? 1e-3 : 0.3);
    if (std::string(method) != "ft") continue;
    EXPECT_GT(result.at("best_step").get<int>(), 0) << "trained, not kept as it was";
    EXPECT_GE(result.at("test").at("accuracy").get<double>(), 0.9) << run.output;
  }
}

TEST_F(Defaults, OfExperiment) {
  must({"experiment", "--backbone", bench_.path("backbone"), "--rows", bench_.path("films.ini"), "--data",
        "films=" + bench_.path("films"), "--prompt-cls", bench_.path("cls.npy"), "--shots", "8", "--steps", "6",
        "--output", path("out")});
  const json results = json::parse(read_file(path("out") + "/results.json"));
  EXPECT_EQ(results.at("cells").size(), 15U) << "pt, ppt, ft by PPT's five seeds";
}

}  // namespace
}  // namespace prelude::test
