// One writer a folder: an advisory lock that the system drops when its process ends, however it ends.
#pragma once

#include <string>

#include "core/io/posix.h"

namespace prelude {

class FolderLock {
 public:
  // Creates the folder (and its parents) where missing and takes its lock, the file `.lock` inside. Throws UserError
  // where another process holds it, or the folder cannot be made or written. `use` names the holder in that message:
  // "another corpus build".
  FolderLock(const std::string& folder, const std::string& use);

 private:
  UniqueFd fd_;
};

}  // namespace prelude
