// Where an experiment's cells stand in a table: a row a method, a column a data set (and number of shots).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "launch/experiment/cell.h"

namespace prelude {

struct GridColumn {
  std::string data;
  std::int64_t shots = 0;
  std::string title;  // the data set, with its shots where the experiment has several: "sst2 (32)"

  bool holds(const CellKey& key) const { return key.data == data && key.shots == shots; }
};

struct CellGrid {
  std::vector<GridColumn> columns;   // data sets as they first appear, the shots of each ascending, all (0) last
  std::vector<std::string> methods;  // as they first appear
  std::vector<std::string> data;     // as they first appear
  bool several_shots = false;
};

CellGrid grid_of(std::span<const CellKey> keys);

std::vector<CellKey> keys_of(std::span<const CellResult> cells);

}  // namespace prelude
