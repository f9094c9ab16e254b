#include "core/io/atomic_folder.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "core/error.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::read_file;
using test::TemporaryFolder;
using test::write_file;

namespace fs = std::filesystem;

void make(const std::string& folder, const std::string& content) {
  fs::create_directory(folder);
  write_file(folder + "/a", content);
}

TEST(AtomicFolder, TakesThePlaceOfTheOldOneOrOfNone) {
  const TemporaryFolder root;
  for (const std::string content : {"first", "second"}) {
    make(root / "fresh", content);
    if (content == "second") write_file(root / "fresh/b", "more");
    replace_folder(root / "fresh", root / "folder");
    EXPECT_EQ(read_file(root / "folder/a"), content);
    EXPECT_EQ(std::distance(fs::directory_iterator(root.path()), {}), 1) << "nothing is left beside it";
  }
  EXPECT_EQ(read_file(root / "folder/b"), "more");
}

TEST(AtomicFolder, WhatSomebodyPutThereComesAlong) {
  const TemporaryFolder root;
  make(root / "folder", "old");
  write_file(root / "folder/README.md", "mine");
  write_file(root / "folder/model-00001-of-00002.safetensors", "old weights");
  fs::create_directory(root / "folder/notes");
  write_file(root / "folder/notes/today", "mine, too");
  write_folder_atomically(root / "folder", [&](const std::string& fresh) {
    make(fresh, "new");
    carry_over(root / "folder", fresh, {"model-00001-of-00002.safetensors"});
  });
  EXPECT_EQ(read_file(root / "folder/a"), "new");
  EXPECT_EQ(read_file(root / "folder/README.md"), "mine");
  EXPECT_EQ(read_file(root / "folder/notes/today"), "mine, too");
  EXPECT_FALSE(fs::exists(root / "folder/model-00001-of-00002.safetensors"));
}

TEST(AtomicFolder, ALinkIsFollowed) {
  const TemporaryFolder root;
  fs::create_directory(root / "far");
  fs::create_directory_symlink(root / "far", root / "near");
  write_folder_atomically(root / "near", [](const std::string& fresh) { make(fresh, "new"); });
  EXPECT_TRUE(fs::is_symlink(root / "near"));
  EXPECT_EQ(read_file(root / "far/a"), "new");
}

TEST(AtomicFolder, IsThereAtEveryMoment) {
  const TemporaryFolder root;
  make(root / "fresh", "0");
  replace_folder(root / "fresh", root / "folder");
  std::atomic<bool> ended{false};
  std::atomic<int> missing{0};
  std::thread reader([&] {
    while (!ended) missing += fs::exists(root / "folder") ? 0 : 1;
  });
  for (int i = 1; i <= 200; ++i) {
    make(root / "fresh", std::to_string(i));
    replace_folder(root / "fresh", root / "folder");
  }
  ended = true;
  reader.join();
  EXPECT_EQ(missing, 0);
  EXPECT_EQ(read_file(root / "folder/a"), "200");
}

TEST(AtomicFolder, SaysWhereItCannot) {
  const TemporaryFolder root;
  make(root / "fresh", "x");
  EXPECT_THROW(replace_folder(root / "fresh", root / "no/folder"), UserError);
  EXPECT_EQ(read_file(root / "fresh/a"), "x");
}

}  // namespace
}  // namespace prelude
