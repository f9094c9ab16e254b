#include "launch/run_folder.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/folders.h"
#include "core/io/paths.h"
#include "core/io/whole_file.h"
#include "dist/text.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

// The first rank leaves a word that the others look for; a network file system may show it late.
void require_shared(const std::string& path, const World& world) {
  if (world.alone()) return;
  constexpr int most_looks = 50;
  constexpr auto between_looks = std::chrono::milliseconds(100);
  const std::string mark = path + "/.ranks";
  std::string word = fmt::format("{} {}", world.host(), std::chrono::system_clock::now().time_since_epoch().count());
  if (world.first()) write_file_atomically(mark, word);
  word = broadcast_text(world.group(), word);
  bool seen = world.first();
  for (int look = 0; look < most_looks && !seen; ++look) {
    constexpr std::size_t longest_word = 4096;
    seen = path_exists(mark) && read_whole_file(mark, longest_word) == word;
    if (!seen) std::this_thread::sleep_for(between_looks);
  }
  const auto sights = gather_texts(world.group(), seen ? "seen" : "");
  const auto blind = static_cast<std::size_t>(std::find(sights.begin(), sights.end(), "") - sights.begin());
  require(
      blind == sights.size(),
      "--output: '{}' on host {} is not the folder that rank {} sees on host {}; choose one on a shared file system",
      path, world.hosts()[0], blind, blind == sights.size() ? "" : world.hosts()[blind]);
  std::error_code error;
  if (world.first()) fs::remove(mark, error);
}

}  // namespace

RunFolder::RunFolder(const std::string& path, FolderKind kind, const World& world) : path_(path) {
  if (world.first()) {
    folder_.emplace(path, kind);
    make_folders(checkpoints());
  }
  require_shared(path, world);
}

bool RunFolder::used() const { return fs::exists(config()); }

}  // namespace prelude
