// Launches that cannot work: each gives one line of ours, and exit code 2.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/launch/commands/pretrain_bench.h"
#include "tests/ranks/ranks.h"

namespace prelude::test {
namespace {

using Words = std::vector<std::string>;

struct BadLaunch {
  std::string name;
  std::string launcher;
  Words words;
  Words said;
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// mpirun has lines of its own to say; those of Prelude must be one.
void expect_refused(const std::vector<BadLaunch>& table) {
  for (const BadLaunch& launch : table) {
    SCOPED_TRACE(launch.name);
    const ProgramResult result = RunningProgram(launch.launcher, launch.words).wait();
    EXPECT_EQ(result.code, 2) << result.errors;
    EXPECT_EQ(count(result.errors, "prelude: error: "), 1U) << result.errors;
    for (const std::string& part : launch.said)
      EXPECT_GE(count(result.errors, part), 1U) << part << "\n" << result.errors;
  }
}

class LaunchMistakes : public ::testing::Test {
 protected:
  BadLaunch ranks(const std::string& name, int number, const Words& more, const Words& said) const {
    return {name, PRELUDE_MPIRUN, with_ranks(number, bench_.arguments("run", more)), said};
  }
  // Two ranks, of which the second runs this program with these arguments.
  BadLaunch second(const std::string& name, const std::string& program, const Words& arguments,
                   const Words& said) const {
    Words words = with_ranks(1, bench_.arguments("run"));
    words.insert(words.end(), {":", "-n", "1", program});
    words.insert(words.end(), arguments.begin(), arguments.end());
    return {name, PRELUDE_MPIRUN, words, said};
  }
  BadLaunch with_environment(const std::string& name, const Words& variables, const Words& said) const {
    Words words = variables;
    words.emplace_back(PRELUDE_PROGRAM);
    const Words arguments = bench_.arguments("run");
    words.insert(words.end(), arguments.begin(), arguments.end());
    return {name, "env", words, said};
  }

  PretrainBench bench_;
  TemporaryFolder folder_;
};

TEST_F(LaunchMistakes, OfTwoRanksThatDiffer) {
  const std::string other = folder_ / "prelude";
  std::filesystem::copy(PRELUDE_PROGRAM, other);
  std::ofstream(other, std::ios::app) << "another build";
  expect_refused({
      second("options", PRELUDE_PROGRAM, bench_.arguments("run", {"--seed", "77"}),
             {"rank 1 on host ", "other options than rank 0", "seed = 77"}),
      second("output", PRELUDE_PROGRAM, bench_.arguments("other"), {"other options than rank 0", "output = "}),
      second("builds", other, bench_.arguments("run"), {"rank 1 on host ", "another build of prelude than rank 0"}),
  });
}

// Every other command that runs on ranks: an option that one rank alone has must not leave the others waiting.
TEST_F(LaunchMistakes, OfAnyCommandWhoseRanksDiffer) {
  const auto differ = [](const Words& command, const Words& more, const Words& said) {
    Words words = with_ranks(1, command);
    words.insert(words.end(), {":", "-n", "1", PRELUDE_PROGRAM});
    words.insert(words.end(), command.begin(), command.end());
    words.insert(words.end(), more.begin(), more.end());
    Words all{"rank 1 on host ", "other options than rank 0"};
    all.insert(all.end(), said.begin(), said.end());
    return BadLaunch{command[0] + " " + command[1], PRELUDE_MPIRUN, words, all};
  };
  expect_refused({
      differ({"predict", "--backbone", "/b", "--input", "/i"}, {"--append-eos"}, {"append-eos"}),
      differ({"evaluate", "--backbone", "/b", "--input", "/i"}, {"--batch-size", "7"}, {"'batch-size = 7'"}),
      differ({"corpus", "build", "--input", "/t", "--tokenizer", "/s", "--output", folder_ / "o"},
             {"--shard-tokens", "9"}, {"'shard-tokens = 9'"}),
      differ({"corpus", "verify", "/c"}, {"--collective-timeout", "9"}, {"'collective-timeout = 9'"}),
      differ({"corpus", "label", "/c", "--backbone", "/b", "--prompt", "/p", "--output", folder_ / "l"},
             {"--seed", "9"}, {"'seed = 9'"}),
      differ({"bench", "--what", "collectives"}, {"--steps", "9"}, {"'steps = 9'"}),
  });
}

TEST_F(LaunchMistakes, OfDegrees) {
  expect_refused({
      ranks("ranks", 3, {"--tensor-parallel", "2"}, {"--tensor-parallel 2", "3 ranks"}),
      ranks("more than ranks", 2, {"--tensor-parallel", "4"}, {"--tensor-parallel 4", "2 ranks"}),
      ranks("heads", 3, {"--tensor-parallel", "3"}, {"tensor parallel 3 does not divide 4 heads; use 1, 2, 4"}),
      ranks("collectives", 2, {"--collectives", "nccl"}, {"--collectives nccl needs --device cuda"}),
      ranks("timeout", 2, {"--collective-timeout", "0"}, {"--collective-timeout", "at least 1"}),
      ranks("an option", 3, {"--tensor-paralel", "2"}, {"did you mean --tensor-parallel"}),
      ranks("a folder", 3, {"--from", "/nowhere"}, {"/nowhere"}),
  });
}

TEST_F(LaunchMistakes, OfLaunchers) {
  expect_refused({
      with_environment("srun without PMIx", {"SLURM_STEP_NUM_TASKS=4"}, {"srun started 4 tasks", "srun --mpi=pmix"}),
      with_environment("another MPI", {"PMI_SIZE=4", "PMI_RANK=0"}, {"started 4 processes", "Open MPI sees one"}),
      {"a command for one",
       PRELUDE_MPIRUN,
       with_ranks(2, {"inspect", "/tmp"}),
       {"`prelude inspect` runs in one process"}},
  });
}

}  // namespace
}  // namespace prelude::test
