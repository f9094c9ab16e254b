// Commands that take a prompt say where it belongs to another backbone or task.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/delta/prompt_file.h"
#include "tests/launch/commands/experiment_bench.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

std::string prompt_of(const std::string& path, const std::map<std::string, std::string>& origin) {
  Prompt prompt;
  prompt.rows = at::ones({4, 64}, at::kFloat);
  prompt.origin = origin;
  write_prompt_folder(path, prompt);
  return path;
}

void expect_warnings(const ProgramResult& run, const std::vector<std::string>& parts) {
  EXPECT_EQ(run.code, 0) << run.errors;
  for (const std::string& part : parts)
    EXPECT_NE(run.errors.find(part), std::string::npos) << part << "\n" << run.errors;
}

TEST(PromptUses, OfOtherBackbonesAndTasksAreTold) {
  Workshop shop;
  const std::string prompt = prompt_of(shop.path("nss"), {{"backbone_hash", "00ff"}, {"task", "nss"}});
  const std::string another = "was trained in front of the backbone 00ff, but";
  const std::vector<std::string> common{"--backbone", shop.backbone(), "--device", "cpu", "--threads", "1"};
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.end(), common.begin(), common.end());
    return run_program(words);
  };
  expect_warnings(run({"evaluate", "--prompt", prompt, "--corpus", shop.corpus(), "--task", "nsp", "--examples", "4"}),
                  {another, "was pre-trained on task nss, but is used for nsp"});
  const std::string lines = shop.file("in.jsonl", "{\"source\": \"a<extra_id_0>\", \"target\": \"<extra_id_0> b\"}\n");
  expect_warnings(run({"predict", "--prompt", prompt, "--input", lines}), {another});
  expect_warnings(run_program(shop.pretrain("run", {"--from", prompt})), {another});
  expect_warnings(run_program({"import", "--input", prompt, "--backbone", shop.backbone(), "--output", shop.path("i")}),
                  {another});
}

// A folder of PEFT with two submodules, as wide as the backbone: what reading it shows is said by whoever uses it.
TEST(PromptUses, NotesOnThePromptAreTold) {
  const ExperimentBench bench;
  const std::string prompt = bench.path("two");
  Prompt six;
  six.rows = at::ones({6, 64}, at::kFloat);
  write_prompt_folder(prompt, six);
  std::filesystem::remove(prompt + "/prelude.json");
  nlohmann::json config = nlohmann::json::parse(read_file(prompt + "/adapter_config.json"));
  config["num_virtual_tokens"] = 3;
  config["num_transformer_submodules"] = 2;
  write_file(prompt + "/adapter_config.json", config.dump());
  const std::vector<std::string> said{"note: '" + prompt + "': rows 3 to 5 are dead"};
  write_file(bench.path("in.jsonl"), "{\"source\": \"a<extra_id_0>\", \"target\": \"<extra_id_0> b\"}\n");
  expect_warnings(run_program({"predict", "--backbone", bench.path("backbone"), "--prompt", prompt, "--input",
                               bench.path("in.jsonl"), "--device", "cpu", "--threads", "1"}),
                  said);
  expect_warnings(bench.run("out", {{"--prompt-cls", {prompt}}, {"--methods", {"ppt"}}, {"--steps", {"1"}}}), said);
}

TEST(PromptUses, OfOtherTasksAreToldByTuneAndExperiment) {
  const ExperimentBench bench;
  const std::string prompt = prompt_of(bench.path("nss"), {{"backbone_hash", "00ff"}, {"task", "nss"}});
  const std::vector<std::string> said{"warning: the prompt '", "backbone 00ff", "on task nss, but is used for cls"};
  expect_warnings(bench.run("out", {{"--prompt-cls", {prompt}}, {"--methods", {"ppt"}}, {"--steps", {"1"}}}), said);
  expect_warnings(run_program({"tune",
                               "--backbone",
                               bench.path("backbone"),
                               "--rows",
                               bench.path("films.ini"),
                               "--data",
                               "films=" + bench.path("films"),
                               "--method",
                               "ppt",
                               "--prompt",
                               prompt,
                               "--shots",
                               "8",
                               "--steps",
                               "1",
                               "--output",
                               bench.path("tuned"),
                               "--device",
                               "cpu",
                               "--threads",
                               "1"}),
                  said);
  const auto origin = read_prompt(bench.path("tuned") + "/prompt").origin;
  EXPECT_EQ(origin.at("backbone_hash").size(), 32U);
}

}  // namespace
}  // namespace prelude::test
