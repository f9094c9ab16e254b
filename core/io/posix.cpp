#include "core/io/posix.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
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

void fail_system(const char* action, const std::string& path) {
  const int cause = errno;
  const char* hint = "";
  if (cause == ENOSPC || cause == EDQUOT) hint = "; make room there or choose another folder";
  if (cause == EROFS || cause == EACCES || cause == EPERM)
    hint = "; choose a folder that you may write, or change its rights";
  const bool reading = std::strcmp(action, "read") == 0 || std::strcmp(action, "open") == 0;
  if (reading && cause == EACCES) hint = "; change its rights";
  fail("cannot {} '{}': {}{}", action, path, std::strerror(cause), hint);
}

UniqueFd open_for_reading(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // not to wait on a pipe that nobody writes
  if (fd.get() < 0) fail_system("open", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) fail_system("open", path);
  require(!S_ISDIR(status.st_mode), "'{}' is a folder; a file is wanted", path);
  require(S_ISREG(status.st_mode), "'{}' is no regular file", path);
  return fd;
}

}  // namespace prelude
