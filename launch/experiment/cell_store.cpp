#include "launch/experiment/cell_store.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
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

bool is_hash(const std::string& text) {
  return text.size() == 32 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::string prompt_beside(const std::string& cell) { return fs::path(cell).replace_extension(".npy"); }

// A cell with its prompt. Killed at any moment, one of both names has both files.
void move_cell(const std::string& from, const std::string& to) {
  const bool prompt = fs::exists(prompt_beside(from));
  if (prompt) copy_file_atomically(prompt_beside(from), prompt_beside(to));
  fs::rename(from, to);
  sync_folder(folder_of(to));
  if (prompt) fs::remove(prompt_beside(from));
}

}  // namespace

std::string CellStore::path(const CellKey& key) const { return fmt::format("{}/cells/{}.json", folder_, key.name()); }

std::string CellStore::path_beside(const CellKey& key, const std::string& identity) const {
  constexpr std::size_t shown = 8;
  return fmt::format("{}/cells/{}.{}.json", folder_, key.name(), identity.substr(0, shown));
}

std::string CellStore::prompt_path(const CellKey& key) const { return prompt_beside(path(key)); }

void CellStore::choose(const CellKey& key, const std::string& identity) const {
  const std::string here = path(key);
  if (fs::exists(here)) {
    const nlohmann::json json = read_json_file(here, largest_file);
    const JsonFields fields(json, here, "");
    const std::string found = fields.text("identity");
    if (found == identity) return;
    fields.check(is_hash(found), "identity", "must be 32 hexadecimal digits");  // a file is named after it
    if (!read_cell(fields.object("cell")).failed) move_cell(here, path_beside(key, found));
  }
  const std::string beside = path_beside(key, identity);
  if (fs::exists(beside)) move_cell(beside, here);
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
  std::map<std::pair<CellKey, bool>, CellResult> found;
  const fs::path all = fs::path(folder_) / "cells";
  if (!fs::is_directory(all)) return {};
  for (const auto& entry : fs::recursive_directory_iterator(all)) {
    const std::string file = entry.path().string();
    if (!entry.is_regular_file() || entry.path().extension() != ".json") continue;
    const nlohmann::json json = read_json_file(file, largest_file);
    const JsonFields fields(json, file, "");
    if (text_or_nothing(fields, "common") != common) continue;
    CellResult cell = read_cell(fields.object("cell"));
    const bool asked = std::find(keys.begin(), keys.end(), cell.key) != keys.end();
    const bool ours = file == path(cell.key) || file == path_beside(cell.key, fields.text("identity"));
    if (!asked && !cell.failed && ours) found.insert_or_assign({cell.key, file != path(cell.key)}, std::move(cell));
  }
  std::vector<CellResult> cells;  // of two with one key the chosen one, which comes first
  for (auto& [place, cell] : found) {
    if (cells.empty() || cells.back().key != place.first) cells.push_back(std::move(cell));
  }
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
