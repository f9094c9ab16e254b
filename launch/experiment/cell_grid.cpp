#include "launch/experiment/cell_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace prelude {
namespace {

void add_new(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// "All" is more than any number.
bool fewer(std::int64_t a, std::int64_t b) { return a != 0 && (b == 0 || a < b); }

}  // namespace

CellGrid grid_of(std::span<const CellKey> keys) {
  CellGrid grid;
  std::set<std::int64_t> all_shots;
  for (const CellKey& key : keys) {
    add_new(grid.methods, key.method);
    add_new(grid.data, key.data);
    all_shots.insert(key.shots);
  }
  grid.several_shots = all_shots.size() > 1;
  for (const std::string& data : grid.data) {
    std::set<std::int64_t, bool (*)(std::int64_t, std::int64_t)> shots(fewer);
    for (const CellKey& key : keys) {
      if (key.data == data) shots.insert(key.shots);
    }
    for (const std::int64_t number : shots) {
      const std::string amount = number == 0 ? "all" : fmt::to_string(number);
      grid.columns.push_back({data, number, grid.several_shots ? fmt::format("{} ({})", data, amount) : data});
    }
  }
  return grid;
}

std::vector<CellKey> keys_of(std::span<const CellResult> cells) {
  std::vector<CellKey> keys;
  for (const CellResult& cell : cells) keys.push_back(cell.key);
  return keys;
}

}  // namespace prelude
