#include "core/io/mapping_table.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "core/io/mapped_file.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::TemporaryFolder;
using test::write_file;

char last_byte(const MappedFile& file) { return file.text().back(); }

TEST(MappingTableDeathTest, NamesTheFileThatBecameShorter) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const TemporaryFolder folder;
  write_file(folder / "first", std::string(100000, 'x'));
  write_file(folder / "second", std::string(100000, 'y'));
  EXPECT_EXIT(
      {
        explain_lost_pages("rank 1: ");
        const MappedFile first = MappedFile::open(folder / "first");
        MappedFile gone = MappedFile::open(folder / "first");
        gone = MappedFile::open(folder / "second");
        std::filesystem::resize_file(folder / "second", 0);
        const volatile char read = last_byte(gone);
        static_cast<void>(read);
      },
      testing::ExitedWithCode(2),
      "^prelude: error: rank 1: '.*/second' became shorter while it was in use, or its disk cannot read it any more; "
      "mend it and start again\n$");
}

TEST(MappingTableDeathTest, LeavesOtherFaultsAsTheyAre) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const TemporaryFolder folder;
  EXPECT_EXIT(
      {
        explain_lost_pages("");
        ::raise(SIGBUS);
        ::raise(SIGBUS);
      },
      testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace prelude
