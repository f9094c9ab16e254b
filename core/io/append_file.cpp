#include "core/io/append_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "core/error.h"
#include "core/io/folders.h"

namespace prelude {

AppendFile::AppendFile(std::string path, Start start) : path_(std::move(path)) {
  const int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (start == Start::must_be_new ? O_EXCL : 0);
  fd_ = UniqueFd(::open(path_.c_str(), flags, 0666));
  if (fd_.get() < 0) fail_system("write", path_);
  sync_folder(folder_of(path_));
}

void AppendFile::cut(std::uint64_t size) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) fail_system("write", path_);
}

void AppendFile::append(std::string_view bytes) {
  if (begin_ < 0) begin_ = ::lseek(fd_.get(), 0, SEEK_END);
  meant_.update(bytes.data(), bytes.size());
  write_all(fd_.get(), bytes.data(), bytes.size(), path_);
}

// Through the same descriptor: the file may have been moved or removed meanwhile.
void AppendFile::compare() {
  if (begin_ < 0) return;
  Xxh3 found;
  std::array<char, std::size_t{1} << 16> piece{};
  for (off_t place = begin_;;) {
    const ssize_t count = ::pread(fd_.get(), piece.data(), piece.size(), place);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_system("read", path_);
    if (count == 0) break;
    found.update(piece.data(), static_cast<std::size_t>(count));
    place += count;
  }
  require(found.hex() == meant_.hex(), "cannot write '{}': the disk gave back other bytes than were written", path_);
  begin_ = -1;
  meant_ = Xxh3();
}

void AppendFile::sync() {
  compare();
  if (::fdatasync(fd_.get()) != 0) fail_system("write", path_);
}

void AppendFile::close() {
  sync();
  close_written(std::move(fd_), path_);
}

}  // namespace prelude
