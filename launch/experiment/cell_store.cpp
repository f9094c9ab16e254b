#include "launch/experiment/cell_store.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/io/atomic_file.h"
#include "core/io/checksum.h"
#include "core/io/folders.h"
#include "launch/experiment/cell_json.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_file = std::size_t{1} << 28;

std::string text_or_nothing(const JsonFields& fields, const char* name) {
  return fields.has(name) ? fields.text(name) : "";
}

bool has_prompt(const std::string& path, const std::string& hash) {
  return hash.empty() || (fs::is_regular_file(path) && xxh3_128_of_file(path) == hash);
}

}  // namespace

std::string CellStore::path(const CellKey& key) const { return fmt::format("{}/cells/{}.json", folder_, key.name()); }

std::string CellStore::prompt_path(const CellKey& key) const {
  return fmt::format("{}/cells/{}.npy", folder_, key.name());
}

std::optional<CellResult> CellStore::load(const CellKey& key, const std::string& identity) const {
  const std::string file = path(key);
  if (!fs::exists(file)) return {};
  const nlohmann::json json = read_json_file(file, largest_file);
  const JsonFields fields(json, file, "");
  if (fields.text("identity") != identity || !has_prompt(prompt_path(key), text_or_nothing(fields, "prompt")))
    return {};
  CellResult cell = read_cell(fields.object("cell"));
  fields.check(cell.key == key, "cell", "is of another cell");
  return cell;
}

std::vector<CellResult> CellStore::others(const std::string& common, const std::vector<CellKey>& keys) const {
  std::vector<CellResult> cells;
  const fs::path all = fs::path(folder_) / "cells";
  if (!fs::is_directory(all)) return cells;
  for (const auto& entry : fs::recursive_directory_iterator(all)) {
    const std::string file = entry.path().string();
    if (!entry.is_regular_file() || entry.path().extension() != ".json") continue;
    const nlohmann::json json = read_json_file(file, largest_file);
    const JsonFields fields(json, file, "");
    if (text_or_nothing(fields, "common") != common) continue;
    CellResult cell = read_cell(fields.object("cell"));
    const bool asked = std::find(keys.begin(), keys.end(), cell.key) != keys.end();
    if (!asked && !cell.failed && file == path(cell.key)) cells.push_back(std::move(cell));
  }
  std::sort(cells.begin(), cells.end(), [](const CellResult& a, const CellResult& b) { return a.key < b.key; });
  return cells;
}

void CellStore::save(const CellResult& cell, const CellIdentity& identity, const std::string& prompt) const {
  const std::string file = path(cell.key);
  make_folders(folder_of(file));
  nlohmann::ordered_json json;
  json["identity"] = identity.whole;
  json["common"] = identity.common;
  if (!prompt.empty()) json["prompt"] = prompt;
  json["cell"] = to_json(cell);
  write_file_atomically(file, json.dump(1) + "\n");
}

}  // namespace prelude
