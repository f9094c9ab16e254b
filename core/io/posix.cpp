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
