// What a command may write over: whole commands, every pair of a command and a folder that another one wrote.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "tests/launch/commands/experiment_bench.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

// Every file below the folder but locks.
std::map<std::string, std::string> contents_of(const std::string& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().filename() != ".lock")
      contents[entry.path().string()] = read_file(entry.path().string());
  }
  return contents;
}

// One folder of each kind, and the command that writes each kind.
class Outputs : public testing::Test {
 protected:
  Outputs() {
    for (const auto& [kind, command] : commands()) must(command, path(kind));
    write_file(shop_.folder("thesis") + "/chapter.tex", "x");
  }

  std::string path(const std::string& name) const { return shop_.path(name); }

  // Without --output.
  std::map<std::string, Words> commands() {
    const Words cpu{"--device", "cpu", "--threads", "1"};
    const Words few{"--shots", "8", "--steps", "1", "--global-batch", "4", "--micro-tokens", "64"};
    const Words films{"--backbone", bench_.path("backbone"),        "--rows", bench_.path("films.ini"),
                      "--data",     "films=" + bench_.path("films")};
    std::map<std::string, Words> all{
        {"pretrain",
         {"pretrain", "--backbone", shop_.backbone(), "--corpus", shop_.corpus(), "--steps", "1", "--global-batch", "2",
          "--prompt-length", "4", "--validation-examples", "2"}},
        {"lm",
         {"lm", "--backbone", shop_.backbone(), "--corpus", shop_.corpus(), "--steps", "1", "--global-batch", "2",
          "--max-source", "32", "--validation-windows", "2", "--samples", "0"}},
        {"tune", joined({"tune", "--method", "pt", "--prompt-length", "2"}, films, few)},
        {"tune-ft", joined({"tune", "--method", "ft"}, films, few)},
        {"experiment", joined({"experiment", "--methods", "pt", "--seeds", "1", "--prompt-length", "2"}, films, few)},
        {"corpus",
         {"corpus", "build", "--input", shop_.text(), "--tokenizer", Workshop::tokenizer(), "--workers", "1"}},
        {"labelled", {"corpus", "label", shop_.corpus(), "--backbone", shop_.backbone(), "--limit", "4"}},
        {"tokenizer", {"tokenizer", "train", "--input", shop_.text(), "--vocabulary", "60"}},
        {"backbone-new", {"backbone", "create", "--shape", "tiny", "--tokenizer", Workshop::tokenizer()}},
        {"exported", {"export", "--prompt", shop_.prompt()}},
        {"imported", {"import", "--input", shop_.prompt()}},
    };
    for (const char* name : {"pretrain", "lm", "tune", "tune-ft", "experiment", "labelled"})
      all[name].insert(all[name].end(), cpu.begin(), cpu.end());
    return all;
  }

  static Words joined(Words first, const Words& second, const Words& third) {
    first.insert(first.end(), second.begin(), second.end());
    first.insert(first.end(), third.begin(), third.end());
    return first;
  }
  static ProgramResult run(Words command, const std::string& output) {
    command.insert(command.end(), {"--output", output});
    return run_program(command);
  }
  static void must(const Words& command, const std::string& output) {
    const ProgramResult result = run(command, output);
    if (result.code != 0) throw std::runtime_error(command.at(0) + ": " + result.errors);
  }

  ExperimentBench bench_;
  Workshop shop_;
};

TEST_F(Outputs, OfAnotherCommandAreRefusedAndStayAsTheyAre) {
  const auto all = commands();
  std::map<std::string, std::string> folders{{"thesis", path("thesis")},
                                             {"backbone in use", shop_.backbone()},
                                             {"prompt of a run", path("pretrain") + "/prompt"},
                                             {"checkpoints", path("pretrain") + "/checkpoints"},
                                             {"backbone of a run", path("lm") + "/backbone"},
                                             {"a folder around a backbone", shop_.folder("my")}};
  fs::create_directory(path("my/backbone"));
  fs::copy(shop_.backbone(), path("my/backbone"), fs::copy_options::recursive);
  for (const auto& [kind, command] : all) folders[kind] = path(kind);
  for (const auto& [kind, command] : all) {
    for (const auto& [name, folder] : folders) {
      const bool runs_tune = kind.starts_with("tune") && name.starts_with("tune");
      if (kind == name || runs_tune) continue;
      const auto before = contents_of(folder);
      const ProgramResult result = run(command, folder);
      EXPECT_EQ(result.code, 2) << kind << " into " << name << ": " << result.errors;
      EXPECT_EQ(contents_of(folder), before) << kind << " into " << name;
    }
  }
}

// What is made in one go is not made again over the first; a run that is finished stays as it is.
TEST_F(Outputs, OfTheSameCommandStay) {
  for (const auto& [kind, command] : commands()) {
    const auto before = contents_of(path(kind));
    const ProgramResult result = run(command, path(kind));
    const bool one_go = kind == "tokenizer" || kind == "backbone-new" || kind == "exported" || kind == "imported";
    EXPECT_EQ(result.code, one_go ? 2 : 0) << kind << ": " << result.errors;
    for (const auto& [file, bytes] : before) {
      const bool rewritten = file.find("events.out") != std::string::npos || file.ends_with("log.txt");
      if (rewritten) continue;
      EXPECT_EQ(read_file(file), bytes) << kind << ": " << file;
    }
  }
}

// Another result than the one that is there: the first stays.
TEST_F(Outputs, OfTuneAreNotReplacedByOtherOptions) {
  const auto all = commands();
  const auto before = contents_of(path("tune"));
  const auto refused = [&](const Words& more, const std::string& part) {
    Words command = all.at("tune");
    command.insert(command.end(), more.begin(), more.end());
    const ProgramResult result = run(command, path("tune"));
    EXPECT_EQ(result.code, 2) << result.errors;
    EXPECT_NE(result.errors.find(part), std::string::npos) << result.errors;
    EXPECT_EQ(contents_of(path("tune")), before);
  };
  refused({"--seed", "99"}, "--seed is '99', but");
  refused({"--learning-rate", "0.5"}, "--learning-rate is '0.5', but");
  EXPECT_EQ(run(all.at("tune-ft"), path("tune")).code, 2);
  EXPECT_EQ(contents_of(path("tune")), before);
}

// The backbone in use is never deleted (its weights could be lost with it).
TEST_F(Outputs, OfFtDoNotTouchTheBackboneInUse) {
  fs::create_directory(path("mine"));
  fs::copy(bench_.path("backbone"), path("mine/backbone"), fs::copy_options::recursive);
  Words command = commands().at("tune-ft");
  *(std::find(command.begin(), command.end(), "--backbone") + 1) = path("mine/backbone");
  const auto before = contents_of(path("mine"));
  const ProgramResult result = run(command, path("mine"));
  EXPECT_EQ(result.code, 2) << result.errors;
  EXPECT_NE(result.errors.find("mine' holds 'backbone', which stays as it is"), std::string::npos) << result.errors;
  EXPECT_EQ(contents_of(path("mine")), before);
}

TEST_F(Outputs, AFailedCommandLeavesNoFolder) {
  for (const auto& [kind, command] : commands()) {
    Words broken = command;
    const auto last = std::find_if(broken.begin(), broken.end(), [](const std::string& word) {
      return word == "--backbone" || word == "--tokenizer" || word == "--prompt" || word == "--input";
    });
    *(last + 1) = path("nowhere");
    EXPECT_EQ(run(broken, path("new")).code, 2) << kind;
    EXPECT_FALSE(fs::exists(path("new"))) << kind;
  }
}

}  // namespace
}  // namespace prelude::test
