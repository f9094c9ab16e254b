#include "core/checkpoint/rank_checkpoint_folder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/shallow_json.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "step-";
constexpr const char* manifest_name = "manifest.json";
constexpr std::int64_t schema_version = 1;
constexpr int most_ranks = 1 << 20;

std::optional<std::int64_t> step_of(const std::string& name) {
  if (!name.starts_with(prefix) || name.size() == prefix.size()) return {};
  std::int64_t step = 0;
  const char* const last = name.data() + name.size();
  const auto [end, error] = std::from_chars(name.data() + prefix.size(), last, step);
  if (error != std::errc() || end != last || step < 0) return {};
  return step;
}

void remove_folder(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  require(!error, "cannot remove '{}': {}", path, error.message());
}

std::string file_of(const std::string& folder, const RankPlace& place) {
  return fmt::format("{}/{}", folder, rank_file_name(place));
}

}  // namespace

std::string rank_checkpoint_name(std::int64_t step) { return fmt::format("{}{:08}", prefix, step); }

void write_rank_manifest(const std::string& folder, const RankManifest& manifest) {
  const nlohmann::ordered_json json{{"format", "prelude backbone checkpoint"},
                                    {"schema_version", schema_version},
                                    {"step", manifest.step},
                                    {"data_parallel", manifest.data_size},
                                    {"tensor_parallel", manifest.tensor_size}};
  write_file_atomically(fmt::format("{}/{}", folder, manifest_name), fmt::format("{}\n", json.dump(2)));
}

RankManifest read_rank_manifest(const std::string& folder) {
  const std::string path = fmt::format("{}/{}", folder, manifest_name);
  constexpr std::size_t largest_file = std::size_t{1} << 20;
  const nlohmann::json json = read_json_file(path, largest_file);
  const auto number = [&](const char* name, std::int64_t least, std::int64_t most) {
    require(json.contains(name) && json[name].is_number_integer(), "'{}' has no whole number '{}'", path, name);
    const auto value = json[name].get<std::int64_t>();
    require(value >= least && value <= most, "'{}': '{}' is {}", path, name, value);
    return value;
  };
  const std::int64_t version = number("schema_version", 0, most_ranks);
  require(version == schema_version, "'{}' has schema {}; this program reads {}", path, version, schema_version);
  RankManifest manifest;
  manifest.step = number("step", 0, std::numeric_limits<std::int64_t>::max());
  manifest.data_size = static_cast<int>(number("data_parallel", 1, most_ranks));
  manifest.tensor_size = static_cast<int>(number("tensor_parallel", 1, most_ranks));
  return manifest;
}

std::vector<RankCheckpointEntry> list_rank_checkpoints(const std::string& folder) {
  std::vector<RankCheckpointEntry> entries;
  if (!fs::is_directory(folder)) return entries;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (const auto step = step_of(entry.path().filename().string())) entries.push_back({*step, entry.path().string()});
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.step < b.step; });
  return entries;
}

std::string rank_checkpoint_problem(const std::string& path) {
  try {
    const RankManifest manifest = read_rank_manifest(path);
    for (int rank = 0; rank < manifest.data_size * manifest.tensor_size; ++rank) {
      const RankPlace place{rank / manifest.tensor_size, manifest.data_size, rank % manifest.tensor_size,
                            manifest.tensor_size};
      if (!fs::exists(file_of(path, place)))
        return fmt::format("'{}' was not finished: {} is missing", path, rank_file_name(place));
    }
    return "";
  } catch (const UserError& error) {
    return fmt::format("'{}' was not finished: {}", path, error.what());
  }
}

void prune_rank_checkpoints(const std::string& folder, std::int64_t keep, std::int64_t best_step) {
  ensure(keep >= 1, "keeping {} checkpoints", keep);
  const auto entries = list_rank_checkpoints(folder);
  std::int64_t whole = 0;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const bool is_whole = rank_checkpoint_problem(entry->path).empty();
    const bool superseded = whole >= keep || (!is_whole && whole > 0);  // an unfinished one may be under way
    if (superseded && entry->step != best_step) remove_folder(entry->path);
    if (is_whole) ++whole;
  }
}

}  // namespace prelude
