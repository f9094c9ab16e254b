#include "launch/run_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::TemporaryFolder;
using test::write_file;

const World& alone() {
  static const World world;
  return world;
}

std::string mistake(const std::string& path) {
  try {
    const RunFolder folder(path, FolderKind::pretrain_run, alone());
  } catch (const UserError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no UserError";
  return "";
}

TEST(RunFolder, IsMadeWithItsParents) {
  const TemporaryFolder folder;
  const auto path = folder / "a/b/run";
  const RunFolder run(path, FolderKind::pretrain_run, alone());
  EXPECT_TRUE(std::filesystem::is_directory(path));
  EXPECT_FALSE(run.used());
  write_file(run.config(), "");
  EXPECT_TRUE(run.used());
}

TEST(RunFolder, IsOneProcessAtATime) {
  const TemporaryFolder folder;
  const auto path = folder / "run";
  {
    const RunFolder first(path, FolderKind::pretrain_run, alone());
    const auto message = mistake(path);
    EXPECT_NE(message.find("in use by another prelude process"), std::string::npos) << message;
    EXPECT_NE(message.find(path), std::string::npos) << message;
  }
  EXPECT_NO_THROW(RunFolder(path, FolderKind::pretrain_run, alone()));
}

TEST(RunFolder, DoesNotTakeSomebodysFolder) {
  const TemporaryFolder folder;
  write_file(folder / "thesis.tex", "x");
  EXPECT_NE(mistake(folder.path()).find("holds 'thesis.tex', which stays as it is"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder / ".lock"));
  EXPECT_NE(mistake(folder / "thesis.tex").find("is not a folder"), std::string::npos);
  write_file(folder / "config.ini", "# prelude pretrain\n");
  EXPECT_NO_THROW(RunFolder(folder.path(), FolderKind::pretrain_run, alone()));
}

TEST(RunFolder, AnEmptyFolderWillDo) {
  const TemporaryFolder folder;
  EXPECT_NO_THROW(RunFolder(folder.path(), FolderKind::pretrain_run, alone()));
  EXPECT_NO_THROW(RunFolder(folder.path(), FolderKind::pretrain_run, alone()));  // the lock file is ours
}

}  // namespace
}  // namespace prelude
