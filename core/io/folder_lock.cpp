#include "core/io/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "core/error.h"
#include "core/io/folders.h"

namespace prelude {

FolderLock::FolderLock(const std::string& folder, const std::string& use) {
  make_folders(folder);
  const std::string path = folder + "/.lock";
  fd_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (fd_.get() < 0) fail_system("write", path);
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) return;
  require(errno != EWOULDBLOCK, "'{}' is in use by {}; wait for it to end or choose another folder", folder, use);
  // A file system without locks (some network ones) cannot protect us; it must not stop us either.
  if (errno != ENOSYS && errno != EOPNOTSUPP && errno != ENOLCK) fail_system("lock", path);
}

}  // namespace prelude
