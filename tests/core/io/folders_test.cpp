#include "core/io/folders.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/io_faults/every_fault.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::IoCall;
using test::message_of;
using test::TemporaryFolder;

namespace fs = std::filesystem;

TEST(Folders, EachIsInItsParentForGood) {
  const TemporaryFolder root;
  const auto make = [&] { make_folders(root / "a/b/c/"); };
  const auto calls = test::calls_of(root.path(), make);
  EXPECT_TRUE(fs::is_directory(root / "a/b/c"));
  const std::vector<IoCall> expected{{"mkdir", "a"}, {"fsync", "."},     {"mkdir", "a/b"},
                                     {"fsync", "a"}, {"mkdir", "a/b/c"}, {"fsync", "a/b"}};
  EXPECT_EQ(calls, expected);
  EXPECT_TRUE(test::calls_of(root.path(), make).empty());
  make_folders(root / "a/./x//y/");
  EXPECT_TRUE(fs::is_directory(root / "a/x/y"));
}

TEST(Folders, ALinkToAFolderIsAFolder) {
  const TemporaryFolder root;
  fs::create_directory(root / "there");
  fs::create_symlink(root / "there", root / "link");
  make_folders(root / "link/b");
  EXPECT_TRUE(fs::is_directory(root / "there/b"));
}

TEST(Folders, WhatStandsInTheWayIsNamed) {
  const TemporaryFolder root;
  test::write_file(root / "file", "x");
  fs::create_symlink(root / "nowhere", root / "dangling");
  for (const std::string path : {"file", "file/sub", "dangling"}) {
    EXPECT_EQ(message_of([&] { make_folders(root / path); }),
              "cannot make the folder '" + root / path + "': Not a directory");
  }
}

TEST(Folders, AFailureIsTold) {
  const TemporaryFolder root;
  int failed = 0;
  test::for_each_fault(
      root.path(), [&] { fs::remove_all(root / "a"); }, [&] { make_folders(root / "a/b"); },
      [&](const test::FaultOutcome& outcome) {
        ++failed;
        EXPECT_NE(outcome.message.find(root.path()), std::string::npos);
      });
  EXPECT_EQ(failed, 4 * 3);
}

}  // namespace
}  // namespace prelude
