#include "launch/run_folder.h"

#include <filesystem>

#include "core/error.h"
#include "core/io/atomic_file.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

// A folder that holds other files is somebody's, not a run's: refused before anything is made in it. A process that was
// killed before its first file was whole leaves the lock, an empty folder and a temporary.
const std::string& require_run_folder(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error) || fs::exists(path + "/config.ini", error)) return path;
  require(fs::is_directory(path, error), "--output: '{}' is not a folder", path);
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const auto name = entry.path().filename();
    const bool ours = name == ".lock" || name == "checkpoints" || entry.path() == temporary_name(path + "/config.ini");
    require(ours, "--output: '{}' holds '{}' but no run; choose a new folder", path, entry.path().filename().string());
  }
  return path;
}

}  // namespace

RunFolder::RunFolder(const std::string& path)
    : path_(require_run_folder(path)), lock_(path, "another prelude process on the same run") {
  std::error_code error;
  fs::create_directories(checkpoints(), error);
  require(!error, "cannot make the folder '{}': {}", checkpoints(), error.message());
}

bool RunFolder::used() const { return fs::exists(config()); }

}  // namespace prelude
