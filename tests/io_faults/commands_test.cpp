// Every command that writes, with its writes failing one at a time; and a standard output that is full.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/io_faults/command_faults.h"
#include "tests/launch/commands/experiment_bench.h"
#include "tests/launch/commands/label_bench.h"
#include "tests/launch/commands/lm_bench.h"
#include "tests/launch/commands/pretrain_bench.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

// A few steps, with a checkpoint at each and one that is pruned.
const std::vector<std::string> few_steps{"--steps", "3", "--checkpoint-every", "1", "--evaluate-every", "2"};

TEST(IoFaults, Pretrain) {
  const PretrainBench bench;
  expect_faults_noticed({bench.arguments("run", few_steps), bench.path("run"), /*resumes=*/true});
}

LmBench::Options few_lm_steps() {
  LmBench::Options options;
  for (std::size_t i = 0; i < few_steps.size(); i += 2) options[few_steps[i]] = few_steps[i + 1];
  return options;
}

TEST(IoFaults, Lm) {
  const LmBench bench;
  LmBench::Options options = few_lm_steps();
  options["--write-windows"] = bench.path("all/windows.jsonl");
  expect_faults_noticed({bench.arguments("all/run", options), bench.path("all"), /*resumes=*/true,
                         /*into_a_folder_that_is_there=*/true});
}

TEST(IoFaults, LmOnTwoRanks) {
  const LmBench bench;
  WritingCommand command{bench.arguments("run", few_lm_steps()), bench.path("run"), /*resumes=*/true};
  command.ranks = 2;
  expect_faults_noticed(command);
}

TEST(IoFaults, CorpusBuild) {
  Workshop shop;
  expect_faults_noticed({{"corpus", "build", "--input", shop.text(), "--tokenizer", Workshop::tokenizer(), "--output",
                          shop.path("out"), "--shard-tokens", "3000", "--workers", "1"},
                         shop.path("out"),
                         /*resumes=*/true});
}

TEST(IoFaults, CorpusLabel) {
  const LabelBench bench(10);
  expect_faults_noticed({bench.label("out"), bench.path("out"), /*resumes=*/true});
}

TEST(IoFaults, Experiment) {
  const ExperimentBench bench;
  const auto arguments = bench.arguments(
      "out", {{"--methods", {"ppt"}}, {"--shots", {"8", "4"}}, {"--steps", {"2"}}, {"--ensembles", {""}}});
  expect_faults_noticed({arguments, bench.path("out"), /*resumes=*/true});
}

std::vector<std::string> tune(const ExperimentBench& bench, const std::string& method) {
  return {"tune",
          "--backbone",
          bench.path("backbone"),
          "--rows",
          bench.path("films.ini"),
          "--data",
          "films=" + bench.path("films"),
          "--method",
          method,
          "--shots",
          "8",
          "--steps",
          "2",
          "--global-batch",
          "4",
          "--micro-tokens",
          "64",
          "--learning-rate",
          "0.001",
          "--output",
          bench.path("out"),
          "--device",
          "cpu",
          "--threads",
          "1"};
}

TEST(IoFaults, Tune) {
  const ExperimentBench bench;
  expect_faults_noticed({tune(bench, "pt"), bench.path("out")});
}

TEST(IoFaults, TuneAllWeights) {
  const ExperimentBench bench;
  expect_faults_noticed({tune(bench, "ft"), bench.path("out")});
}

void expect_full_output_noticed(const std::vector<std::string>& arguments) {
  std::string line = PRELUDE_PROGRAM;
  for (const std::string& word : arguments) line += " '" + word + "'";
  const ProgramResult result = RunningProgram("sh", {"-c", line + " > /dev/full"}).wait();
  EXPECT_EQ(result.code, 2) << line << ": " << result.errors;
  EXPECT_NE(result.errors.find("prelude: error: cannot write"), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find("standard output"), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find("No space left on device"), std::string::npos) << result.errors;
}

TEST(IoFaults, AFullStandardOutput) {
  Workshop shop;
  std::string lines;
  for (int i = 0; i < 600; ++i)
    lines += R"({"source": "a film", "candidates": ["good", "bad"], "label": 1})"
             "\n";
  const std::string many = shop.file("many.jsonl", lines);
  const std::string one = shop.file("one.jsonl", lines.substr(0, lines.find('\n') + 1));
  const std::vector<std::string> cpu{"--device", "cpu", "--threads", "1"};
  const auto on_cpu = [&](std::vector<std::string> words) {
    words.insert(words.end(), cpu.begin(), cpu.end());
    return words;
  };
  expect_full_output_noticed(on_cpu({"predict", "--backbone", shop.backbone(), "--input", one}));
  expect_full_output_noticed(on_cpu({"predict", "--backbone", shop.backbone(), "--input", many}));
  expect_full_output_noticed(on_cpu({"evaluate", "--backbone", shop.backbone(), "--input", one}));
  expect_full_output_noticed({"plan", "--backbone", shop.backbone(), "--json"});
  expect_full_output_noticed({"corpus", "stats", shop.corpus()});
  expect_full_output_noticed({"corpus", "verify", shop.corpus()});
  expect_full_output_noticed({"inspect", shop.corpus(), "--json"});
  expect_full_output_noticed({"export", "--prompt", shop.prompt(), "--output", shop.path("p.npy")});
  expect_full_output_noticed({"tokenizer", "encode", "--tokenizer", Workshop::tokenizer(), "--input", shop.text()});
  expect_full_output_noticed(shop.pretrain("run"));
  std::vector<std::string> script{"slurm", "--nodes", "1", "--"};
  for (const std::string& word : shop.pretrain("run")) script.push_back(word);
  expect_full_output_noticed(script);
  expect_full_output_noticed({"help", "--markdown"});
  expect_full_output_noticed({"--version"});
}

TEST(IoFaults, PromptsAndBackbones) {
  Workshop shop;
  const std::string out = shop.path("out");
  expect_faults_noticed({{"import", "--input", shop.prompt(), "--output", out}, out});
  expect_faults_noticed({{"export", "--prompt", shop.prompt(), "--output", out}, out});
  for (const char* file : {"/p.npy", "/p.pt"}) {
    expect_faults_noticed({{"export", "--prompt", shop.prompt(), "--output", out + file}, out, false, true});
  }
  expect_faults_noticed(
      {{"backbone", "create", "--shape", "tiny", "--tokenizer", Workshop::tokenizer(), "--output", out}, out});
}

TEST(IoFaults, TokenizerTrain) {
  Workshop shop;
  expect_faults_noticed(
      {{"tokenizer", "train", "--input", shop.text(), "--vocabulary", "40", "--output", shop.path("out")},
       shop.path("out")});
}

TEST(IoFaults, FilesOfLines) {
  Workshop shop;
  const std::string out = shop.path("out");
  const std::string lines = shop.file("lines.jsonl", R"({"source": "a film", "candidates": ["good", "bad"]})"
                                                     "\n");
  expect_faults_noticed({{"predict", "--backbone", shop.backbone(), "--input", lines, "--output",
                          out + "/answers.jsonl", "--device", "cpu", "--threads", "1"},
                         out,
                         false,
                         true});
  expect_faults_noticed(
      {{"bench", "--what", "loader", "--backbone", shop.backbone(), "--corpus", shop.corpus(), "--tokenizer",
        Workshop::tokenizer(), "--steps", "1", "--batch", "2", "--write-examples", out + "/examples.jsonl"},
       out,
       false,
       true});
}

}  // namespace
}  // namespace prelude::test
