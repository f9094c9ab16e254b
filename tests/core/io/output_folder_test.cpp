#include "core/io/output_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <vector>

#include "core/error.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::read_file;
using test::TemporaryFolder;
using test::write_file;

namespace fs = std::filesystem;

struct Sample {
  FolderKind kind;
  std::vector<std::pair<std::string, std::string>> files;
};

// What each command leaves, by its telling files.
const std::map<std::string, Sample>& samples() {
  static const std::map<std::string, Sample> all{
      {"pretrain", {FolderKind::pretrain_run, {{"config.ini", "# prelude pretrain\n"}, {"log.txt", ""}}}},
      {"lm", {FolderKind::lm_run, {{"config.ini", "# prelude lm\nsteps = 1\n"}}}},
      {"tune", {FolderKind::tune_run, {{"config.ini", "# prelude tune\n"}, {"result.json", "{}"}}}},
      {"experiment", {FolderKind::experiment, {{"config.ini", "# prelude experiment\n"}, {"table.md", ""}}}},
      {"build", {FolderKind::corpus_build, {{"build.json", "{}"}}}},
      {"built", {FolderKind::corpus_build, {{"build.json", "{}"}, {"corpus.json", "{}"}}}},
      {"label", {FolderKind::labelled_corpus, {{"label.json", "{}"}, {"corpus.json", "{}"}}}},
      {"corpus", {FolderKind::corpus, {{"corpus.json", "{}"}}}},
      {"backbone", {FolderKind::backbone, {{"config.json", "{}"}, {"spiece.model", ""}}}},
      {"weights", {FolderKind::backbone, {{"model-00001-of-00002.safetensors", ""}}}},
      {"checkpoint", {FolderKind::backbone_checkpoint, {{"manifest.json", "{}"}}}},
      {"prompt", {FolderKind::prompt, {{"adapter_config.json", "{}"}}}},
      {"tokenizer", {FolderKind::tokenizer, {{"spiece.model", ""}}}},
      {"thesis", {FolderKind::foreign, {{"chapter.tex", "x"}}}},
      {"settings", {FolderKind::foreign, {{"config.ini", "[main]\n"}}}},
  };
  return all;
}

std::string make(const TemporaryFolder& root, const std::string& name) {
  fs::create_directory(root / name);
  for (const auto& [file, content] : samples().at(name).files) write_file(root / (name + "/" + file), content);
  return root / name;
}

TEST(OutputFolder, KnowsWhatEachCommandLeaves) {
  const TemporaryFolder root;
  for (const auto& [name, sample] : samples()) EXPECT_EQ(folder_content(make(root, name)).kind, sample.kind) << name;
}

// Every pair: a command resumes its own folder; all others are refused, and nothing changes.
TEST(OutputFolder, OnePairOfCommandAndFolderIsTheOwn) {
  const TemporaryFolder root;
  for (const auto& [name, sample] : samples()) make(root, name);
  for (const FolderKind kind : {FolderKind::pretrain_run, FolderKind::lm_run, FolderKind::tune_run,
                                FolderKind::experiment, FolderKind::corpus_build, FolderKind::labelled_corpus,
                                FolderKind::backbone, FolderKind::prompt, FolderKind::tokenizer}) {
    for (const auto& [name, sample] : samples()) {
      const bool one_go = kind == FolderKind::backbone || kind == FolderKind::prompt || kind == FolderKind::tokenizer;
      if (sample.kind == kind && !one_go) {
        EXPECT_NO_THROW(OutputFolder(root / name, kind)) << name;
        fs::remove(root / (name + "/.lock"));
        continue;
      }
      const std::string said = test::message_of([&] { OutputFolder(root / name, kind); });
      EXPECT_NE(said.find("--output: '" + (root / name) + "' holds "), std::string::npos) << said;
      EXPECT_NE(said.find("choose a new folder"), std::string::npos) << said;
      for (const auto& [file, content] : sample.files) EXPECT_EQ(read_file(root / (name + "/" + file)), content);
      EXPECT_EQ(static_cast<std::size_t>(std::distance(fs::directory_iterator(root / name), {})), sample.files.size());
    }
  }
}

TEST(OutputFolder, TakesWhatAKilledCommandLeftBeforeItsFirstFile) {
  const TemporaryFolder root;
  fs::create_directories(root / "run/checkpoints");
  write_file(root / "run/.lock", "");
  write_file(root / "run/.config.ini.prelude-new", "# prel");
  for (const FolderKind kind : {FolderKind::pretrain_run, FolderKind::experiment, FolderKind::prompt}) {
    EXPECT_NO_THROW(OutputFolder(root / "run", kind));
  }
  write_file(root / "run/checkpoints/step-00000001.h5", "x");
  EXPECT_THROW(OutputFolder(root / "run", FolderKind::prompt), UserError) << "these checkpoints are somebody's";
}

TEST(OutputFolder, HiddenNamesOfOthersAreNoTraces) {
  const TemporaryFolder root;
  fs::create_directories(root / "clone/.git");
  for (const FolderKind kind : {FolderKind::pretrain_run, FolderKind::prompt, FolderKind::backbone}) {
    EXPECT_NE(test::message_of([&] { OutputFolder(root / "clone", kind); }).find("holds '.git', which stays"),
              std::string::npos);
  }
}

TEST(OutputFolder, LeavesNoFolderWhereNothingWasWritten) {
  const TemporaryFolder root;
  { const OutputFolder folder(root / "a", FolderKind::tune_run); }
  EXPECT_FALSE(fs::exists(root / "a"));
  {
    const OutputFolder folder(root / "b", FolderKind::tune_run);
    write_file(root / "b/result.json", "{}");
  }
  EXPECT_TRUE(fs::exists(root / "b/result.json"));
  fs::create_directory(root / "c");
  { const OutputFolder folder(root / "c", FolderKind::tune_run); }
  EXPECT_TRUE(fs::exists(root / "c")) << "it was the user's";
  { const OutputFolder folder(root / "c/new/sub/run", FolderKind::pretrain_run); }
  EXPECT_FALSE(fs::exists(root / "c/new"));
  {
    const OutputFolder folder(root / "c/new/sub/", FolderKind::prompt);
    write_file(root / "c/new/sub/a", "x");
  }
  EXPECT_TRUE(fs::exists(root / "c/new/sub/a"));
}

TEST(OutputFolder, RefusesWhatIsNoFolder) {
  const TemporaryFolder root;
  write_file(root / "file", "x");
  EXPECT_NE(test::message_of([&] { OutputFolder(root / "file", FolderKind::prompt); }).find("is not a folder"),
            std::string::npos);
  EXPECT_NE(test::message_of([&] { OutputFolder("", FolderKind::prompt, "--to"); }).find("--to is empty"),
            std::string::npos);
  EXPECT_EQ(read_file(root / "file"), "x");
}

TEST(OutputFolder, IsOneProcessAtATime) {
  const TemporaryFolder root;
  const OutputFolder first(root / "run", FolderKind::tune_run);
  EXPECT_NE(test::message_of([&] { OutputFolder(root / "run", FolderKind::tune_run); }).find("in use by"),
            std::string::npos);
}

}  // namespace
}  // namespace prelude
