// `prelude pretrain` as a user runs it, on a tiny backbone and corpus.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/delta/prompt_file.h"
#include "tests/launch/commands/pretrain_bench.h"

namespace prelude {
namespace {

using test::PretrainBench;
using test::read_file;

std::string checkpoint_at(std::int64_t step) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "step-%08d.h5", static_cast<int>(step));
  return name.data();
}

class Pretrain : public ::testing::Test {
 protected:
  // An uninterrupted run of the default settings, made once for all tests.
  static PretrainBench& bench() {
    static PretrainBench bench;
    static const auto result = bench.pretrain("reference");
    EXPECT_EQ(result.code, 0) << result.errors;
    return bench;
  }
  static void expect_same_as_reference(const std::string& run) {
    EXPECT_EQ(bench().metrics(run), bench().metrics("reference"));
    EXPECT_EQ(bench().prompt_bytes(run, "prompt"), bench().prompt_bytes("reference", "prompt"));
    EXPECT_EQ(bench().prompt_bytes(run, "prompt-best"), bench().prompt_bytes("reference", "prompt-best"));
  }
  static void expect_mistake(const test::ProgramResult& result, const std::string& part) {
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.errors.rfind("prelude: error: ", 0), 0U) << result.errors;
    EXPECT_NE(result.errors.find(part), std::string::npos) << result.errors;
    EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
  }
};

TEST_F(Pretrain, LeavesWhatTheContractSays) {
  const auto lines = bench().metrics("reference");
  ASSERT_EQ(lines.size(), 40U + 1 + 5 + 1);  // steps; validations before step 0, every 7, after the last
  std::int64_t expected = 1;
  for (const auto& line : lines) {
    const auto value = nlohmann::json::parse(line);
    if (value.contains("validation_loss")) {
      EXPECT_EQ(value["step"], expected - 1);
      EXPECT_EQ(value["validation_examples"], 9);
      continue;
    }
    EXPECT_EQ(value["step"], expected++);
    EXPECT_EQ(value["examples"], 6);
    EXPECT_TRUE(std::isfinite(value["loss"].get<double>()));
    EXPECT_GE(value["padding"].get<double>(), 0);
    EXPECT_LT(value["padding"].get<double>(), 0.6);
  }
  const auto run = bench().path("reference");
  for (const auto* name : {"config.ini", "metrics.jsonl", "log.txt", "prompt/adapter_config.json"}) {
    EXPECT_TRUE(std::filesystem::exists(run + "/" + name)) << name;
  }
  EXPECT_NE(read_file(run + "/log.txt").find(" s after the program's start"), std::string::npos);
  std::size_t events = 0;
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    if (entry.path().filename().string().rfind("events.out.tfevents.", 0) == 0) ++events;
  }
  EXPECT_EQ(events, 1U);
  EXPECT_EQ(read_prompt(run + "/prompt").rows.sizes(), at::IntArrayRef({5, 24}));
}

TEST_F(Pretrain, TheLossFalls) {
  const auto lines = bench().metrics("reference");
  const auto first = nlohmann::json::parse(lines.front())["validation_loss"].get<double>();
  const auto last = nlohmann::json::parse(lines.back())["validation_loss"].get<double>();
  EXPECT_LT(last, first - 0.1);
}

TEST_F(Pretrain, KilledAtAnyMomentItGoesOnAsIfNothingHappened) {
  int killed = 0;
  for (const std::int64_t step : {0, 1, 6, 13, 22, 35}) {
    const auto program = bench().start_until("killed", step);
    program->send(SIGKILL);
    killed += program->wait().code == 128 + SIGKILL ? 1 : 0;
  }
  EXPECT_GE(killed, 4);  // a loaded machine may be too late for the last ones
  const auto result = bench().pretrain("killed");
  EXPECT_EQ(result.code, 0) << result.errors;
  expect_same_as_reference("killed");
}

TEST_F(Pretrain, SignalsStopItAfterACheckpoint) {
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
    const auto run = "signal" + std::to_string(signal);
    const auto program = bench().start_until(run, 5);
    program->send(signal);
    const auto result = program->wait();
    ASSERT_EQ(result.code, 3) << result.errors;
    EXPECT_NE(result.errors.find("run the same command again to go on"), std::string::npos);
    const auto name = checkpoint_at(bench().last_step(run));
    EXPECT_TRUE(std::filesystem::exists(bench().path(run) + "/checkpoints/" + name)) << name;
    EXPECT_EQ(bench().pretrain(run).code, 0);
    expect_same_as_reference(run);
  }
}

TEST_F(Pretrain, ADamagedCheckpointIsNamedAndTheOneBeforeUsed) {
  const auto program = bench().start_until("damaged", 14);
  program->send(SIGTERM);
  ASSERT_EQ(program->wait().code, 3);
  std::string newest;
  for (const auto& entry : std::filesystem::directory_iterator(bench().path("damaged") + "/checkpoints")) {
    newest = std::max(newest, entry.path().string());
  }
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) / 2);
  const auto result = bench().pretrain("damaged");
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find(std::filesystem::path(newest).filename().string()), std::string::npos) << result.errors;
  expect_same_as_reference("damaged");
}

// Killed after it, nothing whole would be left if a damaged checkpoint counted as the one that is kept.
TEST_F(Pretrain, ADamagedCheckpointIsNotTheOneThatIsKept) {
  const std::vector<std::string> five{"--steps", "5", "--checkpoint-every", "2",
                                      "--keep",  "3", "--evaluate-every",   "0"};
  ASSERT_EQ(bench().pretrain("kept", five).code, 0);
  const std::string checkpoints = bench().path("kept") + "/checkpoints/";
  const auto prompt = bench().prompt_bytes("kept", "prompt");
  std::filesystem::remove(checkpoints + checkpoint_at(5));
  test::write_file(checkpoints + checkpoint_at(6), read_file(checkpoints + checkpoint_at(4)) + "damaged");
  auto keep_one = five;
  keep_one.insert(keep_one.end(), {"--keep", "1"});
  const auto result = bench().pretrain("kept", keep_one);
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("going on from step 4"), std::string::npos) << result.errors;
  EXPECT_TRUE(std::filesystem::exists(checkpoints + checkpoint_at(5)));
  EXPECT_FALSE(std::filesystem::exists(checkpoints + checkpoint_at(2)));
  const auto again = bench().pretrain("kept", keep_one);
  EXPECT_NE(again.output.find("is finished"), std::string::npos) << again.errors;
  EXPECT_EQ(bench().prompt_bytes("kept", "prompt"), prompt);
}

TEST_F(Pretrain, BeginsAnewOnlyWhereItIsTold) {
  ASSERT_EQ(bench().pretrain("lost").code, 0);
  const std::string run = bench().path("lost");
  for (const auto& entry : std::filesystem::directory_iterator(run + "/checkpoints")) {
    std::filesystem::resize_file(entry.path(), std::filesystem::file_size(entry.path()) / 2);
  }
  const auto metrics = read_file(run + "/metrics.jsonl");
  const auto prompt = bench().prompt_bytes("lost", "prompt");
  const auto refused = bench().pretrain("lost");
  expect_mistake(refused, "no checkpoint of the run in '" + run + "' can be read");
  expect_mistake(refused, "give --restart to begin anew");
  EXPECT_EQ(read_file(run + "/metrics.jsonl"), metrics);
  EXPECT_EQ(bench().prompt_bytes("lost", "prompt"), prompt);
  auto with_restart = bench().arguments("lost");
  with_restart.emplace_back("--restart");
  const auto anew = test::run_program(with_restart);
  EXPECT_EQ(anew.code, 0) << anew.errors;
  expect_same_as_reference("lost");
  EXPECT_EQ(read_file(run + "/config.ini").find("restart = true"), std::string::npos);
  std::filesystem::remove_all(run + "/checkpoints");
  const auto removed = bench().pretrain("lost");
  expect_mistake(removed, "is of step 40");
  expect_mistake(removed, "give --restart to begin anew");
  EXPECT_EQ(bench().prompt_bytes("lost", "prompt"), prompt);
  EXPECT_EQ(test::run_program(with_restart).code, 0);
  expect_same_as_reference("lost");
  auto more = bench().arguments("lost", {"--steps", "41"});
  more.emplace_back("--restart");
  const auto resumed = test::run_program(more);
  EXPECT_EQ(resumed.code, 0) << resumed.errors;
  EXPECT_NE(resumed.errors.find("warning: --restart changes nothing"), std::string::npos) << resumed.errors;
  EXPECT_NE(resumed.errors.find("going on from step 40"), std::string::npos) << resumed.errors;
}

TEST_F(Pretrain, KeepsTheNewestCheckpointsAndTheBest) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(bench().path("reference") + "/checkpoints")) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  std::int64_t best = -1;
  for (const auto& line : bench().metrics("reference")) {
    const auto value = nlohmann::json::parse(line);
    if (value.value("best", false)) best = value["step"];
  }
  const auto holds = [&](std::int64_t step) {
    return std::find(names.begin(), names.end(), checkpoint_at(step)) != names.end();
  };
  EXPECT_TRUE(holds(best)) << best;
  EXPECT_TRUE(holds(40));
  EXPECT_LE(names.size(), 3U);
}

TEST_F(Pretrain, AFinishedRunSaysSo) {
  const auto before = read_file(bench().path("reference") + "/metrics.jsonl");
  const auto result = bench().pretrain("reference");
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.output.find("is finished; nothing to do"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("validation loss"), std::string::npos) << result.output;
  EXPECT_EQ(read_file(bench().path("reference") + "/metrics.jsonl"), before);
}

TEST_F(Pretrain, AFinishedRunWhosePromptIsMissingWritesItAgain) {
  ASSERT_EQ(bench().pretrain("short", {"--steps", "3"}).code, 0);
  const auto before = bench().prompt_bytes("short", "prompt");
  std::filesystem::remove_all(bench().path("short") + "/prompt");
  ASSERT_EQ(bench().pretrain("short", {"--steps", "3"}).code, 0);
  EXPECT_EQ(bench().prompt_bytes("short", "prompt"), before);
}

TEST_F(Pretrain, AnotherConfigurationIsRefused) {
  expect_mistake(bench().pretrain("reference", {"--learning-rate", "0.5"}), "--learning-rate is '0.5' but the run in");
  expect_mistake(bench().pretrain("reference", {"--seed", "7"}), "--seed is '7'");
  expect_mistake(bench().pretrain("reference", {"--steps", "39"}), "--steps: 39 is less than the 40");
  expect_mistake(bench().pretrain("reference", {"--prompt-length", "6"}), "--prompt-length is '6'");
}

TEST_F(Pretrain, MoreStepsGoOn) {
  ASSERT_EQ(bench().pretrain("longer", {"--steps", "12"}).code, 0);
  ASSERT_EQ(bench().pretrain("longer", {"--steps", "20", "--keep", "1", "--checkpoint-every", "3"}).code, 0);
  EXPECT_EQ(bench().last_step("longer"), 20);
  ASSERT_EQ(bench().pretrain("linear", {"--steps", "4", "--schedule", "linear"}).code, 0);
  expect_mistake(bench().pretrain("linear", {"--steps", "8", "--schedule", "linear"}), "linear schedule depends on it");
}

TEST_F(Pretrain, AnotherThreadCountIsWarnedOf) {
  ASSERT_EQ(bench().pretrain("threads", {"--steps", "4"}).code, 0);
  const auto result = bench().pretrain("threads", {"--steps", "6", "--threads", "2"});
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.errors.find("warning: --threads was 1 and is now 2"), std::string::npos) << result.errors;
}

// What a run affords is settled once: a machine with less free memory goes on with the same cut, and so the same bits.
TEST_F(Pretrain, GoesOnWithTheMicroTokensItWasStartedWith) {
  const auto recorded = [&](const std::string& run) {
    const std::string config = read_file(bench().path(run) + "/config.ini");
    const auto line = config.find("micro-tokens = ");
    return line == std::string::npos ? "" : config.substr(line + 15, config.find('\n', line) - line - 15);
  };
  EXPECT_GT(std::stoll(recorded("reference")), 0);
  ASSERT_EQ(bench().pretrain("tokens", {"--steps", "4", "--micro-tokens", "40"}).code, 0);
  const auto longer = bench().pretrain("tokens", {"--steps", "6"});
  EXPECT_EQ(longer.code, 0);
  EXPECT_EQ(longer.errors.find("warning: --micro-tokens"), std::string::npos) << longer.errors;
  EXPECT_EQ(recorded("tokens"), "40");
  const auto changed = bench().pretrain("tokens", {"--steps", "8", "--micro-tokens", "80"});
  EXPECT_EQ(changed.code, 0);
  EXPECT_NE(changed.errors.find("warning: --micro-tokens was 40 and is now 80"), std::string::npos) << changed.errors;
  expect_mistake(bench().pretrain("none", {"--micro-tokens", "few"}), "--micro-tokens: 'few' is neither auto nor");
}

TEST_F(Pretrain, OneProcessARun) {
  const auto first = bench().start_until("locked", 1, {"--steps", "100000"});
  expect_mistake(bench().pretrain("locked", {"--steps", "100000"}), "is in use by another prelude process");
  first->send(SIGTERM);
  EXPECT_EQ(first->wait().code, 3);
}

TEST_F(Pretrain, PatienceEndsARunThatDoesNotImprove) {
  const std::vector<std::string> still{"--learning-rate", "1e-30", "--patience", "2", "--evaluate-every", "3"};
  ASSERT_EQ(bench().pretrain("patience", still).code, 0);
  EXPECT_EQ(bench().last_step("patience"), 6);
  const auto again = bench().pretrain("patience", still);
  EXPECT_NE(again.output.find("is finished"), std::string::npos);
  EXPECT_EQ(bench().prompt_bytes("patience", "prompt"), bench().prompt_bytes("patience", "prompt-best"));
}

TEST_F(Pretrain, LayersRunAgainBackwardChangeNoBit) {
  ASSERT_EQ(bench().pretrain("again", {"--recompute", "always"}).code, 0);
  EXPECT_EQ(bench().prompt_bytes("again", "prompt"), bench().prompt_bytes("reference", "prompt"));
}

TEST_F(Pretrain, SeedsDiffer) {
  ASSERT_EQ(bench().pretrain("seed", {"--seed", "2", "--steps", "3"}).code, 0);
  EXPECT_NE(bench().metrics("seed").at(1), bench().metrics("reference").at(1));
}

TEST(PretrainBackbone, AnotherOneIsRefusedAndItsFileStaysAsItWas) {
  const PretrainBench bench;
  const auto model = bench.path("backbone") + "/model.safetensors";
  const auto before = read_file(model);
  ASSERT_EQ(bench.pretrain("run", {"--steps", "4"}).code, 0);
  EXPECT_EQ(read_file(model), before);
  bench.write_backbone(2);
  const auto result = bench.pretrain("run", {"--steps", "8"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.errors.find("are not those that the run in"), std::string::npos) << result.errors;
}

TEST(PretrainBackbone, ABrokenOneEndsTheRunBeforeItsFirstStep) {
  const PretrainBench bench;
  bench.write_backbone(1, /*broken=*/true);
  const auto result = bench.pretrain("run");
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.errors.find("the backbone or the prompt holds numbers that are not finite"), std::string::npos)
      << result.errors;
  EXPECT_NE(result.errors.find("step 0: the loss of held-out example "), std::string::npos) << result.errors;
  EXPECT_TRUE(bench.metrics("run").empty());
  EXPECT_FALSE(std::filesystem::exists(bench.path("run") + "/prompt"));
}

}  // namespace
}  // namespace prelude
