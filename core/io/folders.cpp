#include "core/io/folders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/error.h"
#include "core/io/posix.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

bool is_folder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

}  // namespace

std::string folder_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

void sync_folder(const std::string& folder) {
  const std::string path = folder.empty() ? "." : folder;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 && errno == EACCES) return;
  if (fd.get() < 0) fail_system("open the folder", path);
  if (::fsync(fd.get()) != 0 && errno != EINVAL) fail_system("sync the folder", path);
}

void make_folders(const std::string& path) {
  std::string made;
  for (const fs::path& part : fs::path(path)) {
    made = (fs::path(made) / part).string();
    if (part.empty() || is_folder(made)) continue;  // empty: a slash at the end
    if (::mkdir(made.c_str(), 0777) == 0) {
      sync_folder(folder_of(made));
    } else if (const int cause = errno; !is_folder(made)) {  // not made by another process meanwhile
      fail("cannot make the folder '{}': {}{}", path, std::strerror(cause == EEXIST ? ENOTDIR : cause),
           hint_for(cause));
    }
  }
}

}  // namespace prelude
