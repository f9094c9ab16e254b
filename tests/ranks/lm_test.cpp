// `prelude lm` under mpirun: the same run on any number of ranks, and on others when it goes on.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "tests/launch/commands/lm_bench.h"
#include "tests/launch/commands/run_metrics.h"
#include "tests/ranks/ranks.h"

namespace prelude::test {
namespace {

using Options = LmBench::Options;

// At the bench's rate of 0.2 runs on one rank that only cut their batches otherwise part after some steps, too.
const Options adafactor{{"--steps", "24"}, {"--learning-rate", "0.05"}};
const Options adamw{{"--steps", "24"}, {"--optimizer", "adamw"}, {"--learning-rate", "0.02"}};

Options with(Options options, const Options& more) {
  for (const auto& [name, value] : more) options[name] = value;
  return options;
}

struct Leg {
  int ranks;
  std::string steps;
  std::string tensor = "1";
};

class LmOnRanks : public ::testing::Test {
 protected:
  // One run that goes on from leg to leg.
  void run_legs(const std::string& run, const Options& options, const std::vector<Leg>& legs) const {
    for (const Leg& leg : legs) {
      const Options here = with(options, {{"--steps", leg.steps}, {"--tensor-parallel", leg.tensor}});
      const auto result = run_ranks(leg.ranks, bench_.arguments(run, here));
      ASSERT_EQ(result.code, 0) << run << ", " << leg.ranks << " ranks: " << result.errors;
    }
  }
  // A leg's end makes a validation of its own, so that of those only the last one counts.
  void expect_curve(const std::string& run, const std::string& expected) const {
    const auto here = steps_of(run);
    const auto there = steps_of(expected);
    ASSERT_EQ(here.size(), there.size()) << run;
    for (std::size_t i = 0; i < here.size(); ++i) {
      for (const char* exact : {"step", "tokens", "examples", "learning_rate"}) {
        EXPECT_EQ(here[i][exact], there[i][exact]) << run << " line " << i;
      }
      EXPECT_NEAR(here[i]["loss"].get<double>(), there[i]["loss"].get<double>(), 1e-4) << run << " line " << i;
    }
    EXPECT_NEAR(bench_.last_validation(run), bench_.last_validation(expected), 1e-4) << run;
  }

  std::vector<nlohmann::ordered_json> steps_of(const std::string& run) const {
    auto lines = bench_.metrics(run);
    std::erase_if(lines, [](const auto& line) { return !line.contains("loss"); });
    return lines;
  }

  LmBench bench_;
};

TEST_F(LmOnRanks, ARunGoesOnOnOtherNumbersOfDataParallelRanks) {
  for (const Options& options : {adafactor, adamw}) {
    const std::string name = options.contains("--optimizer") ? "adamw" : "adafactor";
    ASSERT_EQ(bench_.lm(name, options).code, 0);
    run_legs("moved-" + name, options, {{2, "6"}, {1, "12"}, {4, "18"}, {3, "24"}});
    expect_curve("moved-" + name, name);
  }
}

TEST_F(LmOnRanks, AModelMayBeCutOtherwiseWhenItsRunGoesOn) {
  ASSERT_EQ(bench_.lm("one", adamw).code, 0);
  run_legs("cut", adamw, {{2, "6", "2"}, {1, "12", "1"}, {4, "18", "2"}, {4, "24", "4"}});
  expect_curve("cut", "one");
  run_legs("whole", adamw, {{2, "12", "1"}, {2, "24", "2"}});
  expect_curve("whole", "one");
}

// Only one of the ranks reads the file that is damaged.
TEST_F(LmOnRanks, ADamagedFileOfAnyRankIsNamedAndTheCheckpointBeforeUsed) {
  run_legs("damaged", adamw, {{2, "12", "2"}});
  const std::string file = bench_.newest_checkpoint("damaged") + "/rank-00001-of-00002.h5";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  const auto result = run_ranks(2, bench_.arguments("damaged", with(adamw, {{"--tensor-parallel", "2"}})));
  ASSERT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("warning: '" + file + "' is no checkpoint, or is cut short"), std::string::npos)
      << result.errors;
  ASSERT_EQ(bench_.lm("one", adamw).code, 0);
  expect_curve("damaged", "one");
}

TEST_F(LmOnRanks, BeginsAnewOnlyWhereItIsTold) {
  const Options options = with(adamw, {{"--tensor-parallel", "2"}});
  ASSERT_EQ(run_ranks(2, bench_.arguments("lost", options)).code, 0);
  for (const auto& step : std::filesystem::directory_iterator(bench_.path("lost") + "/checkpoints")) {
    std::filesystem::resize_file(step.path() / "rank-00001-of-00002.h5", 100);
  }
  const auto refused = run_ranks(2, bench_.arguments("lost", options));
  EXPECT_EQ(refused.code, 2) << refused.errors;
  EXPECT_NE(refused.errors.find("give --restart to begin anew"), std::string::npos) << refused.errors;
  auto anew = bench_.arguments("lost", options);
  anew.emplace_back("--restart");
  EXPECT_EQ(run_ranks(2, anew).code, 0);
  ASSERT_EQ(bench_.lm("one", adamw).code, 0);
  expect_curve("lost", "one");
}

// A step that is written again meets files of the time before: a rank that was late, or a host whose disk was away.
TEST_F(LmOnRanks, FilesOfTwoAttemptsAreNeverMixed) {
  for (const int ranks : {1, 2, 4}) {
    const std::string run = "attempts-" + std::to_string(ranks);
    const Options options = with(adamw, {{"--steps", "12"}});
    const auto go = [&] { return run_ranks(ranks, bench_.arguments(run, options)); };
    ASSERT_EQ(go().code, 0);
    const std::string weights = bench_.weights(run);
    const std::string step = bench_.path(run) + "/checkpoints/step-00000012";
    const std::string last = fmt::format("{}/rank-{:05}-of-{:05}.h5", step, ranks - 1, ranks);
    const std::string before = read_file(last);
    const auto manifest = [&] { return nlohmann::json::parse(read_file(step + "/manifest.json")); };
    const std::string attempt = manifest().at("attempt");
    EXPECT_EQ(attempt.size(), 32U);
    std::filesystem::remove_all(step);
    ASSERT_EQ(go().code, 0);
    EXPECT_NE(manifest().at("attempt"), attempt);
    EXPECT_TRUE(read_file(last) != before);
    write_file(last, before);
    const auto result = go();
    ASSERT_EQ(result.code, 0) << result.errors;
    EXPECT_NE(result.errors.find("warning: '" + last + "' is of another attempt"), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find("going on from step 8"), std::string::npos) << result.errors;
    EXPECT_TRUE(bench_.weights(run) == weights);
  }
}

TEST_F(LmOnRanks, AKilledRunResumesToTheSameBits) {
  const Options options = with(adafactor, {{"--steps", "60"}});
  ASSERT_EQ(run_ranks(2, bench_.arguments("whole", options)).code, 0);
  RunningProgram program(PRELUDE_MPIRUN, with_ranks(2, bench_.arguments("killed", options)));
  ASSERT_TRUE(wait_for([&] { return last_step(bench_.path("killed")) >= 9; }));
  const int victim = process_of_rank(program.process(), 1);
  ASSERT_GT(victim, 0);
  ::kill(victim, SIGKILL);
  EXPECT_NE(program.wait().code, 0);
  ASSERT_LT(last_step(bench_.path("killed")), 60);
  ASSERT_EQ(run_ranks(2, bench_.arguments("killed", options)).code, 0);
  EXPECT_EQ(bench_.metrics("killed"), bench_.metrics("whole"));
  EXPECT_TRUE(bench_.weights("killed") == bench_.weights("whole"));
}

TEST_F(LmOnRanks, AMistakeIsOneLine) {
  const auto result = run_ranks(2, bench_.arguments("x", {{"--max-source", "8"}}));
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.errors.find("too short to mask a span"), std::string::npos) << result.errors;
}

}  // namespace
}  // namespace prelude::test
