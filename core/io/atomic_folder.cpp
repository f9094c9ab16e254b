#include "core/io/atomic_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/folders.h"
#include "core/io/paths.h"
#include "core/io/posix.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

void sync_file(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) fail_system("open", path);
  if (::fsync(fd.get()) != 0 && errno != EINVAL) fail_system("sync", path);  // EINVAL: some network file systems
}

void rename_folder(const fs::path& from, const fs::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) fail_system("write", to);
}

void remove_folder(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  require(!error, "cannot remove '{}': {}", folder.string(), error.message());
}

void replace_in_two_steps(const fs::path& fresh, const fs::path& folder) {
  const fs::path old = temporary_name(fs::path(folder).concat(".old"));
  remove_folder(old);
  rename_folder(folder, old);
  rename_folder(fresh, folder);
  remove_folder(old);
}

}  // namespace

void replace_folder(const std::string& fresh, const std::string& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(fresh)) {
    if (entry.is_directory()) sync_folder(entry.path());
    if (entry.is_regular_file()) sync_file(entry.path());
  }
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
  sync_folder(folder_of(folder));
}

void write_folder_atomically(const std::string& folder, const std::function<void(const std::string& fresh)>& fill) {
  fs::path place = fs::path(folder);
  if (!place.has_filename()) place = place.parent_path();   // "out/"
  if (fs::is_symlink(place)) place = fs::canonical(place);  // the folder that the link names, not the link
  const fs::path fresh = temporary_name(place);
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

void carry_over(const std::string& folder, const std::string& fresh, const std::vector<std::string>& left) {
  if (!path_exists(folder)) return;
  for (const std::string& name : names_in(folder)) {
    const std::string from = fmt::format("{}/{}", folder, name);
    const std::string to = fmt::format("{}/{}", fresh, name);
    const bool is_left = std::find(left.begin(), left.end(), name) != left.end();
    if (is_left || name.ends_with(unfinished_ending) || fs::exists(fs::symlink_status(to))) continue;
    std::error_code error;
    if (fs::is_symlink(from)) {
      fs::copy_symlink(from, to, error);
    } else if (is_folder(from)) {
      make_folders(to);
      carry_over(from, to, {});
    } else {
      copy_file_atomically(from, to);
    }
    require(!error, "cannot write '{}': {}", to, error.message());
  }
}

}  // namespace prelude
