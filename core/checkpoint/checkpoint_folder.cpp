#include "core/checkpoint/checkpoint_folder.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "core/error.h"
#include "core/io/atomic_file.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "step-";
constexpr std::string_view suffix = ".h5";

// The step that a file's name says; none for other files.
std::optional<std::int64_t> step_of(const std::string& name) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return {};
  if (name.size() <= prefix.size() + suffix.size()) return {};
  const char* first = name.data() + prefix.size();
  const char* last = name.data() + name.size() - suffix.size();
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(first, last, step);
  if (error != std::errc() || end != last || step < 0) return {};
  return step;
}

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  require(!error, "cannot remove '{}': {}", path.string(), error.message());
}

}  // namespace

std::string checkpoint_name(std::int64_t step) { return fmt::format("{}{:08}{}", prefix, step, suffix); }

std::vector<CheckpointEntry> list_checkpoints(const std::string& folder) {
  std::vector<CheckpointEntry> entries;
  if (!fs::is_directory(folder)) return entries;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (const auto step = step_of(file.path().filename().string())) entries.push_back({*step, file.path().string()});
  }
  std::sort(entries.begin(), entries.end(),
            [](const CheckpointEntry& a, const CheckpointEntry& b) { return a.step < b.step; });
  return entries;
}

NewestCheckpoint newest_readable_checkpoint(const std::string& folder) {
  NewestCheckpoint result;
  const std::vector<CheckpointEntry> entries = list_checkpoints(folder);
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    try {
      result.checkpoint = read_checkpoint(entry->path);
      result.path = entry->path;
      return result;
    } catch (const UserError& error) {
      result.skipped.emplace_back(error.what());
    }
  }
  return result;
}

void prune_checkpoints(const std::string& folder, const std::set<std::int64_t>& whole, std::int64_t keep,
                       std::int64_t best_step) {
  ensure(keep >= 1, "keeping {} checkpoints", keep);
  const std::vector<CheckpointEntry> entries = list_checkpoints(folder);
  std::int64_t newer = 0;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (newer >= keep && entry->step != best_step) remove_file(entry->path);
    if (whole.contains(entry->step)) ++newer;
  }
  std::vector<fs::path> left_over;
  for (const auto& file : fs::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (name.starts_with(fmt::format(".{}", prefix)) && name.ends_with(fmt::format("{}{}", suffix, unfinished_ending)))
      left_over.push_back(file.path());
  }
  for (const fs::path& path : left_over) remove_file(path);
}

void remove_checkpoints(const std::string& folder) {
  for (const CheckpointEntry& entry : list_checkpoints(folder)) remove_file(entry.path);
}

}  // namespace prelude
