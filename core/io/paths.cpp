#include "core/io/paths.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "core/error.h"
#include "core/io/posix.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

std::optional<struct stat> look_at(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return status;
  if (errno != ENOENT && errno != ENOTDIR) fail_system("look at", path);
  return {};
}

}  // namespace

bool path_exists(const std::string& path) { return look_at(path).has_value(); }

bool is_folder(const std::string& path) {
  const auto status = look_at(path);
  return status && S_ISDIR(status->st_mode);
}

bool is_regular_file(const std::string& path) {
  const auto status = look_at(path);
  return status && S_ISREG(status->st_mode);
}

std::int64_t file_bytes(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) fail_system("look at", path);
  return status.st_size;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  require(!error, "cannot read the folder '{}': {}{}", folder, error.message(), hint_for(error.value()));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace prelude
