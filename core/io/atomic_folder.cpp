#include "core/io/atomic_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "core/error.h"
#include "core/io/posix.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

void sync(const fs::path& path, int flags) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (fd.get() < 0) fail_system("open", path);
  // Some network file systems cannot sync a folder (EINVAL).
  if (::fsync(fd.get()) != 0 && errno != EINVAL) fail_system("sync", path);
}

void sync_folder(const fs::path& folder) { sync(folder.empty() ? fs::path(".") : folder, O_DIRECTORY); }

void rename_folder(const fs::path& from, const fs::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) fail_system("write", to);
}

void remove_folder(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  require(!error, "cannot remove '{}': {}", folder.string(), error.message());
}

void replace_in_two_steps(const fs::path& fresh, const fs::path& folder) {
  const fs::path old = fs::path(folder).concat(".old");
  remove_folder(old);
  rename_folder(folder, old);
  rename_folder(fresh, folder);
  remove_folder(old);
}

}  // namespace

void replace_folder(const std::string& fresh, const std::string& folder) {
  for (const auto& entry : fs::directory_iterator(fresh)) sync(entry.path(), 0);
  sync_folder(fresh);
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) == 0) {
    remove_folder(fresh);
  } else if (errno == ENOENT) {
    rename_folder(fresh, folder);
  } else if (errno == EINVAL || errno == ENOSYS) {
    replace_in_two_steps(fresh, folder);
  } else {
    fail_system("write", folder);
  }
  sync_folder(fs::path(folder).parent_path());
}

void write_folder_atomically(const std::string& folder, const std::function<void(const std::string& fresh)>& fill) {
  fs::path place = fs::path(folder);
  if (!place.has_filename()) place = place.parent_path();  // "out/"
  const fs::path fresh = place.parent_path() / fmt::format(".{}.prelude-new", place.filename().string());
  remove_folder(fresh);  // of a process that was killed
  try {
    fill(fresh);
    replace_folder(fresh, place);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(fresh, ignored);
    throw;
  }
}

}  // namespace prelude
