// What may be opened, and what is said of the rest: posix.h, whole_file.h, paths.h.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "core/error.h"
#include "core/io/line_reader.h"
#include "core/io/mapped_file.h"
#include "core/io/paths.h"
#include "core/io/posix.h"
#include "core/io/whole_file.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::message_of;
using test::TemporaryFolder;
using test::write_file;

constexpr std::int64_t endless = std::int64_t{1} << 42;  // bytes of a file with nothing but a hole

std::string sparse(const std::string& path) {
  write_file(path, "");
  std::filesystem::resize_file(path, endless);
  return path;
}

TEST(OpenForReadingTest, RefusesByNameWhatIsNoRegularFile) {
  const TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string socket_path = folder / "socket";
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  std::filesystem::create_symlink("loop", folder / "loop");
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  const auto said = [](const std::string& path) { return message_of([&] { open_for_reading(path); }); };
  EXPECT_EQ(said(pipe), "'" + pipe + "' is a pipe; give a regular file");
  EXPECT_EQ(said(socket_path), "'" + socket_path + "' is a socket; give a regular file");
  EXPECT_EQ(said("/dev/zero"), "'/dev/zero' is a device; give a regular file");
  EXPECT_EQ(said(folder.path()), "'" + folder.path() + "' is a folder; a file is wanted");
  EXPECT_EQ(said(folder / "loop"), "cannot open '" + folder / "loop" + "': Too many levels of symbolic links");
  EXPECT_EQ(said(folder / "dangling"), "cannot open '" + folder / "dangling" + "': No such file or directory");
  EXPECT_NE(said(folder / std::string(300, 'x')).find("File name too long"), std::string::npos);
  for (const auto& open : {+[](const std::string& path) { read_whole_file(path, 10); },
                           +[](const std::string& path) { MappedFile::open(path); },
                           +[](const std::string& path) { LineReader(path, 10); }}) {
    EXPECT_NE(message_of([&] { open(pipe); }).find("is a pipe"), std::string::npos);
    EXPECT_NE(message_of([&] { open("/dev/zero"); }).find("is a device"), std::string::npos);
  }
}

TEST(OpenForReadingTest, KnowsAPointerOfGitLfs) {
  const TemporaryFolder folder;
  const std::string pointer =
      "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') + "\nsize 12345\n";
  write_file(folder / "model.safetensors", pointer);
  EXPECT_EQ(message_of([&] { open_for_reading(folder / "model.safetensors"); }),
            "'" + folder / "model.safetensors" +
                "' is a Git LFS pointer, not the file itself; run `git lfs install` and `git lfs pull` in its folder");
  write_file(folder / "text", "A text about " + pointer);
  EXPECT_NO_THROW(open_for_reading(folder / "text"));
}

TEST(WholeFileTest, ReadsUpToItsBound) {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  const std::string text(200000, 'x');
  write_file(path, text);
  EXPECT_EQ(read_whole_file(path, text.size()), text);
  EXPECT_EQ(message_of([&] { read_whole_file(path, text.size() - 1); }),
            "'" + path + "' has more than 199999 bytes; is it the file that you mean?");
  write_file(path, "");
  EXPECT_EQ(read_whole_file(path, 0), "");
  EXPECT_NE(message_of([&] { read_whole_file(sparse(folder / "hole"), 1 << 20); }).find("has more than 1048576"),
            std::string::npos);
}

TEST(LineReaderTest, DoesNotReadAHoleToItsEnd) {
  const TemporaryFolder folder;
  LineReader reader(sparse(folder / "hole"), 1 << 20);
  std::string line;
  EXPECT_EQ(reader.next(line), LineReader::Status::too_long);
  EXPECT_EQ(reader.next(line), LineReader::Status::damaged);
  EXPECT_EQ(reader.damage(), "the line does not end within 1073741824 bytes; is this a text file?");
  EXPECT_EQ(reader.line_number(), 1);
}

TEST(PathsTest, SayWhatIsThere) {
  const TemporaryFolder folder;
  write_file(folder / "b", "12345");
  write_file(folder / "a", "");
  std::filesystem::create_symlink("loop", folder / "loop");
  EXPECT_TRUE(path_exists(folder / "b"));
  EXPECT_TRUE(is_regular_file(folder / "b"));
  EXPECT_FALSE(is_folder(folder / "b"));
  EXPECT_TRUE(is_folder(folder.path()));
  EXPECT_FALSE(is_regular_file(folder.path()));
  EXPECT_FALSE(path_exists(folder / "none"));
  EXPECT_FALSE(path_exists(folder / "b/inside"));
  EXPECT_EQ(file_bytes(folder / "b"), 5);
  EXPECT_EQ(names_in(folder.path()), (std::vector<std::string>{"a", "b", "loop"}));
  const std::string loop = folder / "loop";
  EXPECT_EQ(message_of([&] { path_exists(loop); }), "cannot look at '" + loop + "': Too many levels of symbolic links");
  EXPECT_NE(message_of([&] { is_folder(folder / std::string(300, 'x')); }).find("File name too long"),
            std::string::npos);
  EXPECT_NE(message_of([&] { file_bytes(folder / "none"); }).find("No such file"), std::string::npos);
  EXPECT_NE(message_of([&] { names_in(folder / "none"); }).find("cannot read the folder"), std::string::npos);
}

}  // namespace
}  // namespace prelude
