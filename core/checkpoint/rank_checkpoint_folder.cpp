#include "core/checkpoint/rank_checkpoint_folder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/folders.h"
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

std::vector<RankPlace> places_of(const RankManifest& manifest) {
  const int ranks = manifest.data_size * manifest.tensor_size;
  std::vector<RankPlace> places;
  places.reserve(static_cast<std::size_t>(ranks));
  for (int rank = 0; rank < ranks; ++rank) {
    places.push_back(
        {rank / manifest.tensor_size, manifest.data_size, rank % manifest.tensor_size, manifest.tensor_size});
  }
  return places;
}

}  // namespace

std::string rank_checkpoint_name(std::int64_t step) { return fmt::format("{}{:08}", prefix, step); }

void write_rank_manifest(const std::string& folder, const RankManifest& manifest) {
  nlohmann::ordered_json json{{"format", "prelude backbone checkpoint"},
                              {"schema_version", schema_version},
                              {"step", manifest.step},
                              {"data_parallel", manifest.data_size},
                              {"tensor_parallel", manifest.tensor_size}};
  if (!manifest.attempt.empty()) json["attempt"] = manifest.attempt;
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
  manifest.tensor_size = static_cast<int>(number("tensor_parallel", 1, most_ranks / manifest.data_size));
  if (json.contains("attempt")) {
    require(json["attempt"].is_string(), "'{}': 'attempt' is no text", path);
    manifest.attempt = json["attempt"].get<std::string>();
  }
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
    for (const RankPlace& place : places_of(manifest)) {
      if (!fs::exists(file_of(path, place)))
        return fmt::format("'{}' was not finished: {} is missing", path, rank_file_name(place));
    }
    return "";
  } catch (const UserError& error) {
    return fmt::format("'{}' was not finished: {}", path, error.what());
  }
}

bool may_be_under_way(const std::string& path, bool newest) {
  if (!fs::exists(fmt::format("{}/{}", path, manifest_name))) return newest;
  try {
    return fs::exists(file_of(path, places_of(read_rank_manifest(path)).front()));
  } catch (const UserError&) {
    return false;
  }
}

RankCheckpoint read_rank_file(const std::string& folder, const RankManifest& manifest, const RankPlace& place) {
  const std::string path = file_of(folder, place);
  RankCheckpoint checkpoint = read_rank_checkpoint(path);
  require(checkpoint.place == place && checkpoint.step == manifest.step,
          "'{}' is of another rank or step than its name and manifest say", path);
  require(checkpoint.attempt == manifest.attempt, "'{}' is of another attempt to save step {} than the manifest", path,
          manifest.step);
  return checkpoint;
}

namespace {

// A file that cannot be read is of no attempt.
bool all_of_attempt(const std::string& folder, const std::string& attempt) {
  try {
    const RankManifest manifest = read_rank_manifest(folder);
    if (manifest.attempt != attempt) return false;
    const auto places = places_of(manifest);
    return std::all_of(places.begin(), places.end(),
                       [&](const RankPlace& place) { return read_attempt(file_of(folder, place)) == attempt; });
  } catch (const UserError&) {
    return false;
  }
}

}  // namespace

KeptRankCheckpoints::KeptRankCheckpoints(std::string folder, std::string attempt)
    : folder_(std::move(folder)), attempt_(std::move(attempt)) {}

bool KeptRankCheckpoints::is_whole(const RankCheckpointEntry& entry) {
  if (whole_.contains(entry.step)) return true;
  if (!rank_checkpoint_problem(entry.path).empty() || !all_of_attempt(entry.path, attempt_)) return false;
  sync_folder(entry.path);
  sync_folder(folder_);
  whole_.insert(entry.step);
  return true;
}

void KeptRankCheckpoints::prune(std::int64_t keep, std::int64_t best_step) {
  ensure(keep >= 1, "keeping {} checkpoints", keep);
  const auto entries = list_rank_checkpoints(folder_);
  std::int64_t newer = 0;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const bool whole = is_whole(*entry);
    // An unfinished one that nothing whole is newer than may be under way; one that cannot be read now may be whole.
    const bool given_up =
        newer > 0 && !rank_checkpoint_problem(entry->path).empty() && may_be_under_way(entry->path, true);
    if ((newer >= keep || given_up) && entry->step != best_step) remove_folder(entry->path);
    if (whole) ++newer;
  }
}

void remove_rank_checkpoints(const std::string& folder) {
  for (const RankCheckpointEntry& entry : list_rank_checkpoints(folder)) remove_folder(entry.path);
}

}  // namespace prelude
