// The printed batch script, run by bash with a stand-in for srun that writes down what it was told to start.
#include "launch/commands/slurm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

using Words = std::vector<std::string>;

class SlurmCommand : public ::testing::Test {
 protected:
  SlurmCommand() {
    write_file(folder_ / "srun",
               "#!/bin/sh\nfor word in \"$@\"; do printf '%s\\n' \"$word\"; done > " + (folder_ / "started") + "\n");
    write_file(folder_ / "scontrol", "#!/bin/sh\nexit 0\n");
    for (const char* program : {"srun", "scontrol"}) {
      std::filesystem::permissions(folder_ / program, std::filesystem::perms::owner_all);
    }
  }

  // `prelude slurm HEAD -- pretrain ... MORE`.
  ProgramResult print(const Words& head, const Words& more = {}) const {
    Words words{"slurm"};
    words.insert(words.end(), head.begin(), head.end());
    for (const char* word : {"--", "pretrain", "--backbone", "b", "--corpus", "c", "--output", "my runs/o"}) {
      words.emplace_back(word);
    }
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }

  // What the script starts under these variables of Slurm's, a word a line.
  Words started(const std::string& script, const Words& variables = {}) const {
    write_file(folder_ / "job.sbatch", script);
    Words words{"PATH=" + folder_.path() + ":/usr/bin:/bin", "SLURM_JOB_ID=7"};
    words.insert(words.end(), variables.begin(), variables.end());
    words.insert(words.end(), {"bash", folder_ / "job.sbatch"});
    const auto result = RunningProgram("env", words).wait();
    EXPECT_EQ(result.code, 0) << result.errors;
    std::istringstream lines(read_file(folder_ / "started"));
    Words found;
    for (std::string line; std::getline(lines, line);) found.push_back(line);
    return found;
  }

  TemporaryFolder folder_;
};

bool holds(const Words& words, const Words& part) {
  return std::search(words.begin(), words.end(), part.begin(), part.end()) != words.end();
}

TEST_F(SlurmCommand, FillsTheHeadIn) {
  const auto result = print({"--nodes", "4", "--gpus-per-node", "8", "--time", "24:00:00", "--partition", "gpu",
                             "--account", "lab", "--warning", "300"});
  ASSERT_EQ(result.code, 0) << result.errors;
  for (const char* line : {"#SBATCH --nodes=4\n", "#SBATCH --gpus-per-node=8\n", "#SBATCH --ntasks-per-node=8\n",
                           "#SBATCH --time=24:00:00\n", "#SBATCH --partition=gpu\n", "#SBATCH --account=lab\n",
                           "#SBATCH --signal=B:USR1@300\n", "#SBATCH --requeue\n"}) {
    EXPECT_NE(result.output.find(line), std::string::npos) << line << result.output;
  }
}

TEST_F(SlurmCommand, TheScriptStartsTheRunAsItWasTyped) {
  const std::string odd = "it's \"odd\" $HOME {x} \\ *";
  const auto result = print({"--nodes", "2"}, {"--tensor-parallel", "2", "--init", "text", "--init-text", odd});
  ASSERT_EQ(result.code, 0) << result.errors;
  const Words words = started(result.output);
  EXPECT_TRUE(holds(words, {"pretrain"}));
  EXPECT_TRUE(holds(words, {"--mpi=pmix"}));
  EXPECT_TRUE(holds(words, {"--backbone", "b"}));
  EXPECT_TRUE(holds(words, {"--output", "my runs/o"}));
  EXPECT_TRUE(holds(words, {"--tensor-parallel", "2"}));
  EXPECT_TRUE(holds(words, {"--init-text", odd}));
}

TEST_F(SlurmCommand, AGridIsARunAnElement) {
  write_file(folder_ / "lines", "--steps 5\n--steps 6 --clip 0.5\n");
  const auto result = print({"--seeds", "3", "4", "--grid", folder_ / "lines"});
  ASSERT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.output.find("#SBATCH --array=0-3\n"), std::string::npos) << result.output;
  const Words words = started(result.output, {"SLURM_ARRAY_TASK_ID=3"});
  EXPECT_TRUE(holds(words, {"--output", "my runs/o/3"}));
  EXPECT_TRUE(holds(words, {"--seed", "4"}));
  EXPECT_TRUE(holds(words, {"--steps", "6", "--clip", "0.5"}));
}

TEST_F(SlurmCommand, TheLastLineOfAGridMayHaveNoEnd) {
  write_file(folder_ / "lines", "--steps 5\n--steps 6");
  const auto result = print({"--grid", folder_ / "lines"});
  ASSERT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.output.find("#SBATCH --array=0-1\n"), std::string::npos) << result.output;
  EXPECT_TRUE(holds(started(result.output, {"SLURM_ARRAY_TASK_ID=1"}), {"--steps", "6"}));
}

TEST_F(SlurmCommand, MistakesAreSaidBeforeTheJobIsSubmitted) {
  const auto said = [](const ProgramResult& result, const std::string& text) {
    EXPECT_EQ(result.code, 2) << result.output;
    EXPECT_NE(result.errors.find(text), std::string::npos) << result.errors;
    EXPECT_EQ(result.output, "");
  };
  said(run_program({"slurm", "--nodes", "2"}), "the run is missing; put it behind two dashes");
  said(print({}, {"--stpes", "5"}), "--steps");
  said(print({}, {"--learning-rate", "nan"}), "--learning-rate");
  said(print({"--array", "0-3"}), "--array is for --seeds or --grid");
  said(run_program({"slurm", "--", "tune", "--backbone", "b"}), "a batch script is for `pretrain`, not for 'tune'");
  said(print({"--grid", folder_ / "none"}), "none'");
  said(print({"--grid", "/dev/zero"}), "'/dev/zero'");
  write_file(folder_ / "blank", "--steps 5\n\n--steps 6\n");
  said(print({"--grid", folder_ / "blank"}), "line 2 is blank");
  write_file(folder_ / "empty", "");
  said(print({"--grid", folder_ / "empty"}), "has no line");
  said(print({"--nodes", "0"}), "--nodes");
}

}  // namespace
}  // namespace prelude::test
