#include "core/io/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/io/folders.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

// The file that is to be written: what a link names. A device or a pipe in its place must not be replaced by a file.
std::string file_meant_by(const std::string& path) {
  constexpr int most_links = 40;  // as the system allows
  std::error_code error;          // what is not there, or may not be seen, fails when it is opened
  const fs::file_status status = fs::status(path, error);
  require(!fs::is_directory(status), "cannot write '{}': it is a folder; a file is wanted", path);
  require(!fs::exists(status) || fs::is_regular_file(status), "cannot write '{}': it is no regular file", path);
  std::string meant = path;
  for (int links = 0; fs::is_symlink(meant, error); ++links) {
    require(links < most_links, "cannot write '{}': {}", path, std::strerror(ELOOP));
    meant = (fs::path(meant).parent_path() / fs::read_symlink(meant, error)).string();
  }
  return meant;
}

}  // namespace

std::string temporary_name(const std::string& path) {
  const fs::path file(path);
  return (file.parent_path() / fmt::format(".{}{}", file.filename().string(), unfinished_ending)).string();
}

AtomicFile::AtomicFile(const std::string& path) : path_(file_meant_by(path)), temporary_(temporary_name(path_)) {
  ::unlink(temporary_.c_str());  // of a process that was killed
  fd_ = UniqueFd(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666));
  if (fd_.get() < 0) fail_system("write", path_);
}

AtomicFile::~AtomicFile() {
  if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t size) {
  if (begin_ < 0) begin_ = ::lseek(fd_.get(), 0, SEEK_END);
  meant_.update(data, size);
  write_all(fd_.get(), data, size, path_);
}

void AtomicFile::commit() {
  Xxh3 found;
  const auto add = [&](const void* data, std::size_t size) { found.update(data, size); };
  if (begin_ >= 0) for_each_piece(temporary_, add, begin_);
  require(found.hex() == meant_.hex(), "cannot write '{}': the disk gave back other bytes than were written", path_);
  if (::fsync(fd_.get()) != 0) fail_system("write", path_);
  close_written(std::move(fd_), path_);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail_system("write", path_);
  committed_ = true;
  sync_folder(folder_of(path_));
}

void write_file_atomically(const std::string& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

void copy_file_atomically(const std::string& from, const std::string& to) {
  AtomicFile file(to);
  for_each_piece(from, [&](const void* data, std::size_t size) { file.write(data, size); });
  file.commit();
}

}  // namespace prelude
