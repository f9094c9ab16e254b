// Mapped, atomic and locked files.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <functional>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/folder_lock.h"
#include "core/io/mapped_file.h"
#include "tests/io_faults/every_fault.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::message_of;
using test::read_file;
using test::TemporaryFolder;
using test::write_file;

TEST(MappedFileTest, HoldsTheBytes) {
  const TemporaryFolder folder;
  write_file(folder / "a", std::string("x\0y", 3));
  MappedFile file = MappedFile::open(folder / "a");
  EXPECT_EQ(file.text(), std::string_view("x\0y", 3));
  EXPECT_EQ(file.path(), folder / "a");
  const MappedFile moved = std::move(file);
  EXPECT_EQ(moved.size(), 3U);
}

TEST(MappedFileTest, RefusesWhatIsNotThereOrEmptyOrAFolder) {
  const TemporaryFolder folder;
  write_file(folder / "empty", "");
  EXPECT_EQ(message_of([&] { MappedFile::open(folder / "none"); }),
            "cannot open '" + folder / "none" + "': No such file or directory");
  EXPECT_EQ(message_of([&] { MappedFile::open(folder / "empty"); }), "'" + folder / "empty" + "' is empty");
  EXPECT_EQ(message_of([&] { MappedFile::open(folder.path()); }),
            "'" + folder.path() + "' is a folder; a file is wanted");
  EXPECT_EQ(message_of([] { MappedFile::open("/dev/null"); }), "'/dev/null' is a device; give a regular file");
}

TEST(AtomicFileTest, AppearsOnlyWhenCommitted) {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  write_file(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
    EXPECT_EQ(read_file(path), "old");
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_FALSE(std::filesystem::exists(temporary_name(path)));
  write_file(temporary_name(path), "left by a killed writer, and longer");
  write_file_atomically(path, "new");
  EXPECT_EQ(read_file(path), "new");
  EXPECT_FALSE(std::filesystem::exists(temporary_name(path)));
}

TEST(AtomicFileTest, LeavesTheFilesBesideItAlone) {
  const TemporaryFolder folder;
  for (const char* name : {"a.tmp", "a.new", "a~"}) write_file(folder / name, "mine");
  write_file_atomically(folder / "a", "new");
  for (const char* name : {"a.tmp", "a.new", "a~"}) EXPECT_EQ(read_file(folder / name), "mine");
}

TEST(AtomicFileTest, TakesWhatAnotherWrote) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  write_file(file.temporary(), "by another");
  file.write(", and more");
  file.commit();
  EXPECT_EQ(read_file(folder / "a"), "by another, and more");
}

TEST(AtomicFileTest, WritesWhatALinkNames) {
  const TemporaryFolder folder;
  write_file(folder / "there", "old");
  std::filesystem::create_symlink("there", folder / "link");
  std::filesystem::create_symlink("nothing yet", folder / "open");
  write_file_atomically(folder / "link", "new");
  write_file_atomically(folder / "open", "first");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "there"), "new");
  EXPECT_EQ(read_file(folder / "nothing yet"), "first");
}

TEST(AtomicFileTest, PutsNothingInPlaceOfWhatIsNoFile) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "sub");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("/dev/null", folder / "device");
  std::filesystem::create_symlink("round", folder / "round");
  EXPECT_EQ(message_of([&] { write_file_atomically(folder / "sub", "x"); }),
            "cannot write '" + folder / "sub" + "': it is a folder; a file is wanted");
  for (const char* name : {"pipe", "device"}) {
    EXPECT_EQ(message_of([&] { write_file_atomically(folder / name, "x"); }),
              "cannot write '" + folder / name + "': it is no regular file");
  }
  EXPECT_NE(message_of([&] { write_file_atomically(folder / "round", "x"); }).find("round"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "round"));
}

TEST(AtomicFileTest, NamesPathAndReason) {
  const TemporaryFolder folder;
  EXPECT_EQ(message_of([&] { write_file_atomically(folder / "none/a", "x"); }),
            "cannot write '" + folder / "none/a" + "': No such file or directory");
}

TEST(AtomicFileTest, EveryCallThatFailsIsTold) {
  const TemporaryFolder folder;
  const TemporaryFolder elsewhere;
  write_file(elsewhere / "source", std::string(1100000, 's'));
  test::expect_every_fault_noticed(
      folder.path(), [&] { write_file(folder / "a", "old"); },
      [&] {
        AtomicFile file(folder / "a");
        file.write("one");
        file.write(std::string(100000, 'x'));
        file.commit();
        copy_file_atomically(elsewhere / "source", folder / "b");
      });
}

// A limit on the size of files stands for a full disk: the same path through write().
TEST(AtomicFileTest, AFailedWriteLeavesTheOldFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  write_file(path, "old");
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small{1000, limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = message_of([&] { write_file_atomically(path, std::string(5000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before);
  EXPECT_EQ(message, "cannot write '" + path + "': File too large");
  EXPECT_EQ(read_file(path), "old");
  EXPECT_FALSE(std::filesystem::exists(temporary_name(path)));
}

TEST(FolderLockTest, OneHolderAtATime) {
  const TemporaryFolder folder;
  const std::string path = folder / "made/on/the/way";
  {
    const FolderLock lock(path, "another run");
    EXPECT_EQ(message_of([&] { const FolderLock second(path, "another run"); }),
              "'" + path + "' is in use by another run; wait for it to end or choose another folder");
  }
  const FolderLock again(path, "another run");
}

// What file systems answer that have no locks: the command runs, and the next kind of lock is tried.
TEST(FolderLockTest, AFileSystemWithoutLocksStopsNobody) {
  const TemporaryFolder folder;
  const std::string path = folder.path();
  const TakeLock of_dvs = [](int) { return 524; };
  const TakeLock invalid = [](int) { return EINVAL; };
  const TakeLock works = [](int) { return 0; };
  const TakeLock taken = [](int) { return EWOULDBLOCK; };
  for (const TakeLock refused :
       {of_dvs, invalid, TakeLock([](int) { return ENOSYS; }), TakeLock([](int) { return EOPNOTSUPP; }),
        TakeLock([](int) { return ENOLCK; }), TakeLock([](int) { return EIO; })}) {
    testing::internal::CaptureStderr();
    const FolderLock lock(path, "another run", std::array{refused, refused});
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(said.starts_with("warning: '" + path + "' cannot be locked (")) << said;
    EXPECT_TRUE(said.ends_with("make sure that no other process writes in it\n")) << said;
  }
  testing::internal::CaptureStderr();
  const FolderLock second(path, "another run", std::array{of_dvs, works});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_NE(message_of([&] {
              const FolderLock lock(path, "another run", std::array{invalid, taken});
            }).find("in use"),
            std::string::npos);
}

// The lock that stands in where flock is missing keeps a second holder out as well.
TEST(FolderLockTest, TheRecordLockHoldsToo) {
  const TemporaryFolder folder;
  const auto record_lock = system_locks().subspan(1);
  {
    const FolderLock lock(folder.path(), "another run", record_lock);
    EXPECT_NE(message_of([&] { const FolderLock second(folder.path(), "another run", record_lock); }).find("in use"),
              std::string::npos);
  }
  const FolderLock again(folder.path(), "another run", record_lock);
}

TEST(FolderLockTest, EndsWithAKilledProcess) {
  const TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const FolderLock lock(folder.path(), "a child");
    const char byte = 'x';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_NE(message_of([&] { const FolderLock lock(folder.path(), "a child"); }), "nothing thrown");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  const FolderLock lock(folder.path(), "a child");
  close(ready[0]);
  close(ready[1]);
}

TEST(FolderLockTest, AFileInTheWayIsNamed) {
  const TemporaryFolder folder;
  write_file(folder / "file", "x");
  for (const char* path : {"file", "file/sub"}) {
    EXPECT_EQ(message_of([&] { const FolderLock lock(folder / path, "x"); }),
              "cannot make the folder '" + folder / path + "': Not a directory");
  }
}

}  // namespace
}  // namespace prelude
