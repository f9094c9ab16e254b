// Every command that runs on ranks, with one of two stopped: the job ends and names it, also where no rank waits for
// another in a collective. scripts/check-stopped-ranks does it at many moments, with times.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/launch/commands/experiment_bench.h"
#include "tests/launch/commands/label_bench.h"
#include "tests/launch/commands/lm_bench.h"
#include "tests/ranks/ranks.h"

namespace prelude::test {
namespace {

using Words = std::vector<std::string>;

// Whether the watchdog of the process runs: from then on nobody may hang.
bool is_watched(int process) {
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process), gone)) {
    if (read_file(task.path().string() + "/comm") == "watchdog\n") return true;
  }
  return false;
}

Words together(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

class StoppedRank : public testing::Test {
 protected:
  static constexpr const char* seconds = "2";

  // The job that `words` start on two ranks, one of which gets `signal` as soon as it is watched.
  static ProgramResult run_and_send(const Words& words, int victim, int signal) {
    RunningProgram job(PRELUDE_MPIRUN, with_ranks(2, together(words, {"--collective-timeout", seconds})));
    int process = 0;
    EXPECT_TRUE(wait_for([&] {
      process = process_of_rank(job.process(), victim);
      return (process > 0 && is_watched(process)) || !job.running();
    }));
    EXPECT_TRUE(process > 0 && ::kill(process, signal) == 0) << "it had ended before";
    const ProgramResult result = job.wait();
    EXPECT_TRUE(wait_for([&] { return !process_lives(process); }));
    return result;
  }
  static void expect_named(const Words& words) {
    for (const int victim : {0, 1}) {
      SCOPED_TRACE(fmt::format("{} {} with rank {} stopped", words[0], words[1], victim));
      const ProgramResult result = run_and_send(words, victim, SIGSTOP);
      EXPECT_NE(result.code, 0);
      EXPECT_NE(result.errors.find(fmt::format("rank {} on ", victim)), std::string::npos) << result.errors;
      EXPECT_NE(result.errors.find("did not answer"), std::string::npos) << result.errors;
    }
  }
};

TEST_F(StoppedRank, OfTheCorpusIsNamed) {
  const LabelBench bench(1200);
  expect_named({"corpus", "build", "--input", bench.path("text.txt"), "--tokenizer", LabelBench::tokenizer(),
                "--output", bench.path("built"), "--shard-tokens", "500", "--workers", "1"});
  expect_named({"corpus", "verify", bench.path("corpus")});
  expect_named(bench.label("labelled"));
}

// A worker under a launcher that lets it die, as srun may: the watchdog says which.
TEST_F(StoppedRank, OrAKilledOneIsNamedByUs) {
  const LabelBench bench(1200);
  const ProgramResult result =
      run_and_send({"corpus", "build", "--input", bench.path("text.txt"), "--tokenizer", LabelBench::tokenizer(),
                    "--output", bench.path("built"), "--shard-tokens", "500", "--workers", "1"},
                   1, SIGKILL);
  EXPECT_NE(result.code, 0);
  EXPECT_NE(result.errors.find("prelude: error: rank 1 on "), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find(" died (process "), std::string::npos) << result.errors;
}

TEST_F(StoppedRank, ThatScoresIsNamed) {
  const LabelBench bench(10);
  std::string lines;
  for (int i = 0; i < 4000; ++i) {
    const nlohmann::json line{{"source", fmt::format("a film number {} that was quite", i)},
                              {"candidates", {"good", "bad"}},
                              {"label", i % 2}};
    lines += line.dump() + "\n";
  }
  write_file(bench.path("lines.jsonl"), lines);
  const Words common{"--backbone", bench.path("backbone"), "--input", bench.path("lines.jsonl"), "--threads", "1"};
  expect_named(together({"predict", "--output", bench.path("answers.jsonl")}, common));
  expect_named(together({"evaluate"}, common));
}

// Cells are computed without a word between the ranks.
TEST_F(StoppedRank, OfAnExperimentIsNamed) {
  const ExperimentBench bench;
  expect_named(bench.arguments("cells", {{"--steps", {"100000"}}}));
}

TEST_F(StoppedRank, ThatTrainsIsNamed) {
  const LmBench bench;
  expect_named(bench.arguments("run", {{"--steps", "100000"}}));
}

// Stopped before MPI is up: nobody can say which rank it is, but the others do not wait for ever.
TEST_F(StoppedRank, ThatNeverStartsEndsTheOthers) {
  const TemporaryFolder folder;
  const std::string script = folder / "start";
  write_file(script, "#!/bin/sh\n[ $OMPI_COMM_WORLD_RANK = 1 ] && kill -STOP $$\nexec " PRELUDE_PROGRAM " \"$@\"\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  Words words = with_ranks(2, {"corpus", "verify", "/nowhere", "--collective-timeout=2"});
  *std::find(words.begin(), words.end(), PRELUDE_PROGRAM) = script;
  const ProgramResult result = RunningProgram(PRELUDE_MPIRUN, words).wait();
  EXPECT_NE(result.code, 0);
  EXPECT_NE(result.errors.find("the ranks have not met within 30 s"), std::string::npos) << result.errors;
}

}  // namespace
}  // namespace prelude::test
