#include "launch/experiment/cell_store.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/io/atomic_file.h"
#include "launch/experiment/cell_json.h"

namespace prelude {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 28;

}  // namespace

std::string CellStore::path(const CellKey& key) const { return fmt::format("{}/cells/{}.json", folder_, key.name()); }

std::string CellStore::prompt_path(const CellKey& key) const {
  return fmt::format("{}/cells/{}.npy", folder_, key.name());
}

std::optional<CellResult> CellStore::load(const CellKey& key, const std::string& identity) const {
  const std::string file = path(key);
  if (!std::filesystem::exists(file)) return {};
  const nlohmann::json json = read_json_file(file, largest_file);
  const JsonFields fields(json, file, "");
  if (fields.text("identity") != identity) return {};
  CellResult cell = read_cell(fields.object("cell"));
  fields.check(cell.key == key, "cell", "is of another cell");
  return cell;
}

void CellStore::save(const CellResult& cell, const std::string& identity) const {
  const std::string file = path(cell.key);
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  nlohmann::ordered_json json;
  json["identity"] = identity;
  json["cell"] = to_json(cell);
  write_file_atomically(file, json.dump(1) + "\n");
}

}  // namespace prelude
