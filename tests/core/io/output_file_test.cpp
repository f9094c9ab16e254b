#include "core/io/output_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::read_file;
using test::TemporaryFolder;
using test::write_file;

namespace fs = std::filesystem;

std::string complaint(const std::string& path, const OutputFileRule& rule) {
  return test::message_of([&] { require_output_file(path, rule); });
}

TEST(OutputFile, MayBeNewEmptyOrADevice) {
  const TemporaryFolder root;
  write_file(root / "empty", "");
  for (const std::string& path : {root / "new", root / "empty", std::string("/dev/null")}) {
    EXPECT_NO_THROW(require_output_file(path, {})) << path;
  }
}

TEST(OutputFile, IsNeverAnInputByWhateverName) {
  const TemporaryFolder root;
  write_file(root / "q.jsonl", "{\"index\":0}\n");
  fs::create_symlink(root / "q.jsonl", root / "link");
  fs::create_hard_link(root / "q.jsonl", root / "twin");
  for (const char* name : {"q.jsonl", "link", "twin", "./q.jsonl"}) {
    const std::string said = complaint(root / name, {"--output", {root / "q.jsonl"}, "{\"index\":0"});
    EXPECT_NE(said.find("is the input"), std::string::npos) << said;
  }
  write_file(root / ".a.prelude-new", "x");
  EXPECT_NE(complaint(root / "a", {"--output", {root / ".a.prelude-new"}, ""}).find("is the input"), std::string::npos);
}

TEST(OutputFile, ReplacesTheCommandsOwnAlone) {
  const TemporaryFolder root;
  write_file(root / "own", "{\"index\":0,\"loss\":1}\n");
  write_file(root / "other", "{\"source\": \"x\"}\n");
  const OutputFileRule rule{"--output", {}, "{\"index\":0"};
  EXPECT_NO_THROW(require_output_file(root / "own", rule));
  EXPECT_NE(complaint(root / "other", rule).find("other' is there already and stays as it is"), std::string::npos);
  EXPECT_NE(complaint(root / "own", {}).find("stays as it is"), std::string::npos);
  EXPECT_NE(complaint(root.path(), rule).find("is a folder"), std::string::npos);
}

TEST(OutputFile, ANewFileIsWrittenOnce) {
  const TemporaryFolder root;
  write_new_file(root / "a", "one", "--to");
  EXPECT_EQ(read_file(root / "a"), "one");
  EXPECT_NO_THROW(write_new_file(root / "a", "one", "--to")) << "the same bytes";
  for (const char* other : {"two", "on", "one more", ""}) {
    const std::string said = test::message_of([&] { write_new_file(root / "a", other, "--to"); });
    EXPECT_NE(said.find("--to: "), std::string::npos) << said;
    EXPECT_EQ(read_file(root / "a"), "one");
  }
}

}  // namespace
}  // namespace prelude
