#include "core/io/posix.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/error.h"

namespace prelude {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int UniqueFd::release() { return std::exchange(fd_, -1); }

void UniqueFd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

const char* hint_for(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "; make room there or choose another folder";
    case EROFS:
    case EACCES:
    case EPERM:
      return "; choose a place that you may use, or change its rights";
    default:
      return "";
  }
}

void fail_system(const char* action, const std::string& path) {
  const int cause = errno;
  fail("cannot {} '{}': {}{}", action, path, std::strerror(cause), hint_for(cause));
}

void write_all(int fd, const void* data, std::size_t size, const std::string& path) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(fd, next, size);
    if (written < 0 && errno == EINTR) continue;
    if (written == 0) errno = EIO;  // a file takes bytes or says why not
    if (written <= 0) fail_system("write", path);
    next += written;
    size -= static_cast<std::size_t>(written);
  }
}

void close_written(UniqueFd fd, const std::string& path) {
  if (::close(fd.release()) != 0 && errno != EINTR) fail_system("write", path);  // Linux closes it all the same
}

namespace {

void require_regular(const struct stat& status, const std::string& path) {
  require(!S_ISDIR(status.st_mode), "'{}' is a folder; a file is wanted", path);
  require(!S_ISFIFO(status.st_mode), "'{}' is a pipe; give a regular file", path);
  require(!S_ISSOCK(status.st_mode), "'{}' is a socket; give a regular file", path);
  require(!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode), "'{}' is a device; give a regular file", path);
  require(S_ISREG(status.st_mode), "'{}' is no regular file", path);
}

// What `git clone` leaves in a large file's place where Git LFS is not installed (git-lfs, docs/spec.md).
void refuse_lfs_pointer(const UniqueFd& fd, const struct stat& status, const std::string& path) {
  constexpr std::string_view first_line = "version https://git-lfs.github.com/spec/v1\n";
  constexpr off_t longest_pointer = 1024;
  if (status.st_size < static_cast<off_t>(first_line.size()) || status.st_size > longest_pointer) return;
  std::array<char, first_line.size()> start{};
  if (::pread(fd.get(), start.data(), start.size(), 0) != static_cast<ssize_t>(start.size())) return;
  require(std::string_view(start.data(), start.size()) != first_line,
          "'{}' is a Git LFS pointer, not the file itself; run `git lfs install` and `git lfs pull` in its folder",
          path);
}

}  // namespace

UniqueFd open_for_reading(const std::string& path) {
  struct stat status {};
  // Looked at before it is opened: opening a device or a pipe may do something.
  if (::stat(path.c_str(), &status) != 0) fail_system("open", path);
  require_regular(status, path);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // it may have become a pipe meanwhile
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) fail_system("open", path);
  require_regular(status, path);
  refuse_lfs_pointer(fd, status, path);
  return fd;
}

std::size_t read_some(const UniqueFd& fd, void* data, std::size_t size, const std::string& path) {
  for (;;) {
    const ssize_t got = ::read(fd.get(), data, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) fail_system("read", path);
  }
}

}  // namespace prelude
