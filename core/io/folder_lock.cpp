#include "core/io/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/error.h"
#include "core/io/folders.h"
#include "core/io/printable.h"

namespace prelude {
namespace {

int take_flock(int fd) { return ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno; }

int take_record_lock(int fd) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd, F_OFD_SETLK, &whole) == 0) return 0;
  return errno == EACCES ? EWOULDBLOCK : errno;  // POSIX allows both for a lock that another has
}

constexpr std::array<TakeLock, 2> both{take_flock, take_record_lock};

// The kernel's ENOTSUPP, which no call should return and Cray's DVS does, has no text in the C library.
std::string reason_of(int error) { return error == 524 ? "not supported" : std::strerror(error); }

}  // namespace

std::span<const TakeLock> system_locks() { return both; }

FolderLock::FolderLock(const std::string& folder, const std::string& use, std::span<const TakeLock> locks) {
  make_folders(folder);
  const std::string path = folder + "/.lock";
  fd_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666));
  if (fd_.get() < 0) fail_system("write", path);
  int error = 0;
  for (const TakeLock take : locks) {
    do {
      error = take(fd_.get());
    } while (error == EINTR);
    if (error == 0) return;
    require(error != EWOULDBLOCK, "'{}' is in use by {}; wait for it to end or choose another folder", folder, use);
  }
  const std::string warning = fmt::format(
      "warning: '{}' cannot be locked ({}); make sure that no other process writes in it", folder, reason_of(error));
  std::fputs((message_line(warning) + "\n").c_str(), stderr);
}

}  // namespace prelude
