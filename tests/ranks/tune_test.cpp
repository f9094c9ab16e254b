// Few-shot tuning with several ranks: cells that go through the ranks, and signals.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/launch/commands/experiment_bench.h"
#include "tests/ranks/ranks.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;

// Only the first rank's folder is used: a disk that the hosts do not share, or see late, does not matter.
TEST(ExperimentRanks, SendTheirCellsToTheFirst) {
  const ExperimentBench bench;
  ASSERT_EQ(bench.run("one").code, 0);
  std::vector<std::string> arguments = bench.arguments("two", {{"--ensembles", {""}}});
  *(std::find(arguments.begin(), arguments.end(), "--output") + 1) = "two";
  std::vector<std::string> words{"--allow-run-as-root", "--oversubscribe", "--bind-to", "none"};
  for (const char* place : {"first", "second"}) {
    fs::create_directory(bench.path(place));
    if (place == std::string("second")) words.emplace_back(":");
    words.insert(words.end(), {"-n", "1", "--wdir", bench.path(place), PRELUDE_PROGRAM});
    words.insert(words.end(), arguments.begin(), arguments.end());
  }
  const ProgramResult run = RunningProgram(PRELUDE_MPIRUN, words).wait();
  ASSERT_EQ(run.code, 0) << run.errors;
  EXPECT_EQ(bench.results("first/two"), bench.results("one"));
  EXPECT_TRUE(fs::is_empty(bench.path("second")));
}

// A signal to any one rank of a backbone stops all of them after the same step.
TEST(TuneRanks, StopTogetherUnderTensorParallelism) {
  const ExperimentBench bench;
  for (const int signal : {SIGTERM, SIGUSR1}) {
    for (const int rank : {0, 1}) {
      const std::string output = bench.path("out-" + std::to_string(signal) + "-" + std::to_string(rank));
      RunningProgram job(PRELUDE_MPIRUN, with_ranks(2, {"tune",
                                                        "--backbone",
                                                        bench.path("backbone"),
                                                        "--rows",
                                                        bench.path("films.ini"),
                                                        "--data",
                                                        "films=" + bench.path("films"),
                                                        "--method",
                                                        "pt",
                                                        "--shots",
                                                        "8",
                                                        "--steps",
                                                        "1000000",
                                                        "--global-batch",
                                                        "4",
                                                        "--evaluate-every",
                                                        "1000000",
                                                        "--tensor-parallel",
                                                        "2",
                                                        "--device",
                                                        "cpu",
                                                        "--threads",
                                                        "1",
                                                        "--output",
                                                        output}));
      ASSERT_TRUE(wait_for([&] { return fs::exists(output + "/config.ini") || !job.running(); }));
      const int process = process_of_rank(job.process(), rank);
      ASSERT_GT(process, 0);
      ::kill(process, signal);
      const ProgramResult run = job.wait();
      EXPECT_EQ(run.code, 3) << run.errors;
      EXPECT_FALSE(fs::exists(output + "/result.json"));
    }
  }
}

}  // namespace
}  // namespace prelude::test
