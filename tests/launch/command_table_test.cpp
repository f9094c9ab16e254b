#include "launch/command_table.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "core/error.h"
#include "tests/launch/program.h"

namespace prelude {
namespace {

using test::run_program;

std::string mistake(const std::vector<std::string>& arguments) {
  try {
    World world;
    run_command_line(arguments, world);
  } catch (const UserError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no UserError";
  return "";
}

TEST(CommandTable, NamesAreDistinctAndSummariesAreOneLine) {
  std::set<std::string> names;
  for (const auto& command : command_table()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_FALSE(command.summary.empty()) << command.name;
    EXPECT_EQ(command.summary.find('\n'), std::string::npos) << command.name;
  }
  EXPECT_TRUE(names.count("pretrain"));
}

TEST(CommandTable, EveryHelpPageFitsItsWidth) {
  for (const auto& command : command_table()) {
    std::istringstream lines(command.help());
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << command.name << ": " << line;
  }
}

TEST(CommandTable, UnknownCommandsNameTheNearest) {
  EXPECT_EQ(mistake({"pretrian"}), "unknown command 'pretrian'; did you mean 'pretrain'? `prelude --help` lists them");
  EXPECT_EQ(mistake({"corpus", "biuld"}),
            "unknown command 'corpus biuld'; did you mean 'corpus build'? `prelude --help` lists them");
  EXPECT_EQ(mistake({"--verson"}).rfind("unknown command '--verson'", 0), 0U);
  EXPECT_EQ(mistake({"corpus"}).rfind("`prelude corpus` needs one more word: corpus build; corpus stats", 0), 0U);
  EXPECT_EQ(mistake({"corpus", "--input", "x"}).rfind("`prelude corpus` needs one more word", 0), 0U);
  EXPECT_EQ(mistake({}), "no command is given; `prelude --help` lists them");
}

TEST(CommandTable, ThePageOfCommandsHasEachOfThem) {
  const auto page = run_program({"help", "--markdown"});
  EXPECT_EQ(page.code, 0);
  for (const auto& command : command_table()) {
    EXPECT_NE(page.output.find("## prelude " + command.name + "\n"), std::string::npos) << command.name;
  }
}

TEST(Program, SaysItsVersions) {
  const auto result = run_program({"--version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.errors, "");
  for (const auto* name :
       {"prelude 0.", "revision ", "LibTorch   2.", "HDF5       1.", "MPI ", "NCCL ", "CPU ", "CUDA "}) {
    EXPECT_NE(result.output.find(name), std::string::npos) << name << "\n" << result.output;
  }
}

TEST(Program, AMistakeIsOneLineAndExitCodeTwo) {
  const auto result = run_program({"pretrain", "--stesp", "3"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.errors, "prelude: error: unknown option --stesp; did you mean --steps?\n");
}

TEST(Program, HelpNeedsNoOptions) {
  for (const auto& arguments :
       {std::vector<std::string>{"pretrain", "--help"}, {"help", "pretrain"}, {"pretrain", "-h"}}) {
    const auto result = run_program(arguments);
    EXPECT_EQ(result.code, 0);
    EXPECT_NE(result.output.find("usage: prelude pretrain"), std::string::npos);
  }
  EXPECT_NE(run_program({"--help"}).output.find("  pretrain  "), std::string::npos);
}

TEST(Program, ControlCharactersDoNotBreakTheOneLine) {
  const auto result = run_program({"no\nsuch\x1b[31mcommand"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.errors.rfind("prelude: error: unknown command 'no such\\x1b[31mcommand'", 0), 0U) << result.errors;
}

}  // namespace
}  // namespace prelude
