// One writer a folder: an advisory lock that the system drops when its process ends, however it ends.
#pragma once

#include <span>
#include <string>

#include "core/io/posix.h"

namespace prelude {

// Takes the lock of an open file without waiting. 0; EWOULDBLOCK: another process has it; another number of errno:
// the file system has no such lock.
using TakeLock = int (*)(int fd);
// flock, then the record lock that network file systems have where they lack it.
std::span<const TakeLock> system_locks();

class FolderLock {
 public:
  // Creates the folder (and its parents) where missing and takes its lock, the file `.lock` inside, by the first of
  // `locks` that the file system has. Where it has none, which some network file systems answer in ways of their own,
  // a warning on standard error says that nothing keeps a second process out. Throws UserError where another process
  // holds the lock, or the folder cannot be made or written. `use` names the holder in that message: "another corpus
  // build".
  FolderLock(const std::string& folder, const std::string& use, std::span<const TakeLock> locks = system_locks());

 private:
  UniqueFd fd_;
};

}  // namespace prelude
