// `prelude lm` as a user runs it, on a tiny shape and corpus.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sstream>

#include "tests/launch/commands/lm_bench.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;
using Options = LmBench::Options;

const Options adafactor{};
const Options adamw{{"--optimizer", "adamw"}, {"--learning-rate", "0.02"}, {"--schedule", "linear"}};

std::int64_t count(const std::string& text, const std::string& part) {
  std::int64_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// Sum of the logarithms that `prelude predict` gives, and their number.
std::pair<double, int> summed(const std::string& predictions) {
  std::istringstream lines(predictions);
  std::pair<double, int> result;
  for (std::string line; std::getline(lines, line);) {
    const auto prediction = nlohmann::json::parse(line);
    for (const double value : prediction["target_logprobs"]) {
      result.first += value;
      ++result.second;
    }
  }
  return result;
}

class Lm : public ::testing::Test {
 protected:
  static LmBench& bench() {
    static LmBench bench;
    return bench;
  }
  // An uninterrupted run, made once.
  static const std::string& reference(const std::string& name, const Options& options) {
    static std::map<std::string, std::string> made;
    if (!made.contains(name)) {
      const auto result = bench().lm(name, options);
      EXPECT_EQ(result.code, 0) << result.errors;
      made[name] = name;
    }
    return made[name];
  }
  static void expect_same(const std::string& run, const std::string& expected) {
    EXPECT_EQ(bench().metrics(run), bench().metrics(expected));
    EXPECT_TRUE(bench().weights(run) == bench().weights(expected)) << run;
  }
};

TEST_F(Lm, TheLossFallsWithBothOptimisersAndObjectives) {
  for (const char* objective : {"span-corruption", "prefix-lm"}) {
    for (Options options : {adafactor, adamw}) {
      options["--objective"] = objective;
      const std::string run = std::string(objective) + (options.contains("--optimizer") ? "-adamw" : "-adafactor");
      const auto result = bench().lm(run, options);
      ASSERT_EQ(result.code, 0) << result.errors;
      const auto lines = bench().metrics(run);
      ASSERT_EQ(lines.size(), 40U + 1 + 5 + 1);  // steps; validations before step 0, every 7, after the last
      EXPECT_LT(bench().last_validation(run), lines.front()["validation_loss"].get<double>() - 1) << run;
      EXPECT_EQ(lines.back()["validation_examples"], 9);
      EXPECT_FALSE(lines.back().contains("accuracy"));
    }
  }
}

TEST_F(Lm, AFinishedRunSaysSoAndWritesItsBackboneAgain) {
  const std::string run = reference("done", adafactor);
  const auto metrics = read_file(bench().path(run) + "/metrics.jsonl");
  const std::string before = bench().weights(run);
  fs::remove_all(bench().path(run) + "/backbone");
  const auto result = bench().lm(run, adafactor);
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.output.find("is finished; nothing to do"), std::string::npos) << result.output;
  EXPECT_EQ(read_file(bench().path(run) + "/metrics.jsonl"), metrics);
  EXPECT_TRUE(bench().weights(run) == before);
}

TEST_F(Lm, KilledAtAnyMomentItGoesOnToTheSameBits) {
  int killed = 0;
  for (const Options& options : {adafactor, adamw}) {
    const std::string name = options.empty() ? "adafactor" : "adamw";
    for (const std::int64_t step : {0, 3, 13, 26}) {
      const auto program = bench().start_until("killed-" + name, step, options);
      program->send(SIGKILL);
      killed += program->wait().code == 128 + SIGKILL ? 1 : 0;
    }
    const auto result = bench().lm("killed-" + name, options);
    EXPECT_EQ(result.code, 0) << result.errors;
    expect_same("killed-" + name, reference(name, options));
  }
  EXPECT_GE(killed, 5);  // a loaded machine may be too late for some
}

TEST_F(Lm, ASignalStopsItAfterACheckpoint) {
  const auto program = bench().start_until("signal", 5);
  program->send(SIGTERM);
  const auto result = program->wait();
  ASSERT_EQ(result.code, 3) << result.errors;
  EXPECT_NE(result.errors.find("run the same command again to go on"), std::string::npos);
  EXPECT_TRUE(fs::exists(bench().path("signal") + "/backbone/model.safetensors"));
  const auto rest = bench().lm("signal");
  EXPECT_EQ(rest.code, 0) << rest.errors;
  EXPECT_NE(rest.errors.find("going on from step "), std::string::npos) << rest.errors;
  expect_same("signal", reference("done", adafactor));
}

TEST_F(Lm, ADamagedCheckpointIsNamedAndTheOneBeforeUsed) {
  const std::string file = "rank-00000-of-00001.h5";
  for (const std::string how : {"cut", "flipped", "without", "unlisted"}) {
    const auto program = bench().start_until(how, 14);
    program->send(SIGTERM);
    ASSERT_EQ(program->wait().code, 3);
    const std::string folder = bench().newest_checkpoint(how);
    const std::string path = folder + "/" + file;
    std::string bytes = read_file(path);
    if (how == "cut") fs::resize_file(path, fs::file_size(path) / 2);
    if (how == "flipped") write_file(path, (bytes[bytes.size() / 2] ^= 1, bytes));
    if (how == "without") fs::remove(path);
    if (how == "unlisted") fs::remove(folder + "/manifest.json");
    const auto result = bench().lm(how);
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(count(result.errors, "warning: "), 1) << result.errors;
    EXPECT_NE(result.errors.find(fs::path(folder).filename().string()), std::string::npos) << result.errors;
    expect_same(how, reference("done", adafactor));
  }
}

TEST_F(Lm, DoesNotStartOverWhereNothingCanBeRead) {
  ASSERT_EQ(bench().lm("lost").code, 0);
  const auto metrics = read_file(bench().path("lost") + "/metrics.jsonl");
  for (const auto& entry : fs::directory_iterator(bench().path("lost") + "/checkpoints")) {
    fs::resize_file(entry.path() / "rank-00000-of-00001.h5", 1000);
  }
  expect_mistakes({{"all cut", bench().arguments("lost"), {"no checkpoint of the run in", "give --restart to begin"}}});
  EXPECT_EQ(read_file(bench().path("lost") + "/metrics.jsonl"), metrics);
  auto with_restart = bench().arguments("lost");
  with_restart.emplace_back("--restart");
  const auto anew = run_program(with_restart);
  EXPECT_EQ(anew.code, 0) << anew.errors;
  expect_same("lost", reference("done", adafactor));
  for (const auto& entry : fs::directory_iterator(bench().path("lost") + "/checkpoints")) {
    fs::remove(entry.path() / "manifest.json");
  }
  expect_mistakes({{"none finished", bench().arguments("lost"), {"was not finished", "give --restart to begin"}}});
  // A single one that is damaged is no checkpoint that a killed run left.
  std::vector<fs::path> all(fs::directory_iterator(bench().path("lost") + "/checkpoints"), {});
  for (std::size_t i = 1; i < all.size(); ++i) fs::remove_all(all[i]);
  write_file(all.front() / "manifest.json", "{");
  const auto now = read_file(bench().path("lost") + "/metrics.jsonl");
  expect_mistakes({{"one manifest", bench().arguments("lost"), {"manifest.json", "give --restart to begin"}}});
  EXPECT_EQ(read_file(bench().path("lost") + "/metrics.jsonl"), now);
  fs::remove_all(all.front());
  expect_mistakes({{"removed", bench().arguments("lost"), {"there is none", "give --restart to begin"}}});
  EXPECT_EQ(run_program(with_restart).code, 0);
  expect_same("lost", reference("done", adafactor));
}

TEST_F(Lm, DamagedCheckpointsAreNotThoseThatAreKept) {
  const Options two{{"--steps", "4"}, {"--checkpoint-every", "1"}, {"--keep", "2"}, {"--evaluate-every", "0"}};
  const std::string checkpoints = bench().path("kept") + "/checkpoints/";
  const std::string file = "/rank-00000-of-00001.h5";
  ASSERT_EQ(bench().lm("kept", two).code, 0);
  const std::string weights = bench().weights("kept");
  for (const char* later : {"step-00000005", "step-00000006"}) {
    fs::copy(checkpoints + "step-00000003", checkpoints + later);
    fs::resize_file(checkpoints + later + file, 2000);
  }
  fs::remove_all(checkpoints + "step-00000004");
  const auto result = bench().lm("kept", two);
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("going on from step 3"), std::string::npos) << result.errors;
  const auto again = bench().lm("kept", two);
  EXPECT_NE(again.output.find("is finished"), std::string::npos) << again.errors;
  EXPECT_TRUE(bench().weights("kept") == weights);
}

TEST_F(Lm, TheWindowsThatItWritesHaveItsLoss) {
  for (const char* objective : {"span-corruption", "prefix-lm"}) {
    const std::string windows = bench().path(std::string(objective) + ".jsonl");
    const Options options{{"--objective", objective}, {"--steps", "8"}, {"--write-windows", windows}};
    const std::string run = std::string("windows-") + objective;
    ASSERT_EQ(bench().lm(run, options).code, 0);
    const auto predicted = run_program({"predict", "--backbone", bench().path(run) + "/backbone", "--input", windows,
                                        "--device", "cpu", "--threads", "1"});
    ASSERT_EQ(predicted.code, 0) << predicted.errors;
    const auto [sum, tokens] = summed(predicted.output);
    EXPECT_NEAR(-sum / tokens, bench().last_validation(run), 1e-5) << objective;
    // Again with the same bytes; never over others.
    EXPECT_EQ(bench().lm(run, options).code, 0);
    write_file(windows, "{\"source\": \"mine\"}\n");
    EXPECT_EQ(bench().lm(run, options).code, 2);
    EXPECT_EQ(read_file(windows), "{\"source\": \"mine\"}\n");
    EXPECT_EQ(count(predicted.output, "\n"), 9);
  }
}

TEST_F(Lm, GoesOnFromItsOwnBackboneWhereThatStood) {
  const std::string run = reference("done", adafactor);
  const Options options{
      {"--init", ""}, {"--tokenizer", ""}, {"--backbone", bench().path(run) + "/backbone"}, {"--steps", "2"}};
  ASSERT_EQ(bench().lm("continued", options).code, 0);
  EXPECT_NEAR(bench().metrics("continued").front()["validation_loss"].get<double>(), bench().last_validation(run),
              1e-6);
}

TEST_F(Lm, InspectTellsItsRunAndItsCheckpoints) {
  const std::string run = bench().path(reference("done", adafactor));
  const auto inspected = [](const std::string& path) {
    const auto result = run_program({"inspect", path, "--json"});
    EXPECT_EQ(result.code, 0) << result.errors;
    return nlohmann::json::parse(result.output);
  };
  const auto whole = inspected(run);
  EXPECT_EQ(whole["kind"], "run");
  EXPECT_EQ(whole["checkpoint_steps"].back(), 40);
  EXPECT_EQ(whole["backbone"], run + "/backbone");
  const std::string checkpoint = bench().newest_checkpoint("done");
  const auto file = inspected(checkpoint + "/rank-00000-of-00001.h5");
  const auto weights = inspected(run + "/backbone")["parameters"].get<std::int64_t>();
  EXPECT_EQ(file["weights"], std::to_string(weights) + " from 0 of " + std::to_string(weights));
  EXPECT_EQ(file["data_parallel"], "0 of 1");
  for (const auto& facts : {whole, inspected(checkpoint)}) {
    EXPECT_EQ(facts["step"], 40);
    EXPECT_EQ(facts["updates"], 40);
    EXPECT_EQ(facts["weights"], weights);
    EXPECT_FALSE(facts["optimizer_state"].empty());
  }
  const std::string name = fs::path(checkpoint).filename();
  const Workshop shop;
  const std::string cut = shop.with_cut(run + "/checkpoints", "cut", name + "/rank-00000-of-00001.h5", 0.5);
  expect_mistakes({{"cut", {"inspect", cut + "/" + name}, {"cut short"}}});
}

// With a tokenizer that has the label words of a pretext task.
TEST(LmBackbone, IsReadByInspectAndPretrain) {
  Workshop shop;
  const auto lm = run_program({"lm",
                               "--backbone",
                               shop.backbone(),
                               "--corpus",
                               shop.corpus(),
                               "--output",
                               shop.path("run"),
                               "--steps",
                               "2",
                               "--global-batch",
                               "2",
                               "--max-source",
                               "32",
                               "--export-dtype",
                               "bfloat16",
                               "--samples",
                               "1",
                               "--device",
                               "cpu",
                               "--threads",
                               "1"});
  ASSERT_EQ(lm.code, 0) << lm.errors;
  EXPECT_NE(lm.errors.find("sample 1: "), std::string::npos) << lm.errors;
  const std::string made = shop.path("run/backbone");
  const auto inspected = run_program({"inspect", made, "--json", "--verify"});
  ASSERT_EQ(inspected.code, 0) << inspected.errors;
  const auto facts = nlohmann::json::parse(inspected.output);
  EXPECT_EQ(facts["kind"], "backbone");
  EXPECT_EQ(facts["dtype"], "BFloat16");
  const auto pretrain = run_program(shop.pretrain("prompt-run", {"--backbone", made}));
  EXPECT_EQ(pretrain.code, 0) << pretrain.errors;
}

}  // namespace
}  // namespace prelude::test
