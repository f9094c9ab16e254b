#include "core/io/append_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/io_faults/every_fault.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::message_of;
using test::read_file;
using test::TemporaryFolder;
using test::write_file;

TEST(AppendFileTest, GoesOnAndIsCut) {
  const TemporaryFolder folder;
  write_file(folder / "a", "one\ntwo");
  AppendFile file(folder / "a");
  file.cut(4);
  file.append("three\n");
  file.close();
  EXPECT_EQ(read_file(folder / "a"), "one\nthree\n");
}

TEST(AppendFileTest, MayHaveToBeNew) {
  const TemporaryFolder folder;
  AppendFile file(folder / "a", AppendFile::Start::must_be_new);
  EXPECT_EQ(message_of([&] { const AppendFile again(folder / "a", AppendFile::Start::must_be_new); }),
            "cannot write '" + folder / "a" + "': File exists");
}

TEST(AppendFileTest, EveryCallThatFailsIsTold) {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  int failed = 0;
  test::for_each_fault(
      folder.path(), [&] { write_file(path, "before\n"); },
      [&] {
        AppendFile file(path);
        file.append("one\n");
        file.sync();
        file.append("two\n");
        file.close();
      },
      [&](const test::FaultOutcome& outcome) {
        failed += outcome.message.empty() ? 0 : 1;
        EXPECT_EQ(outcome.message.empty(), outcome.fault.error == "short");
        if (outcome.message.empty()) {
          EXPECT_EQ(read_file(path), "before\none\ntwo\n");
        } else {
          EXPECT_NE(outcome.message.find(folder.path()), std::string::npos);
        }
      });
  EXPECT_EQ(failed, 3 * 7 + 2);  // open, fsync of the folder, 2 writes (and lost), 2 fdatasync, close
}

}  // namespace
}  // namespace prelude
