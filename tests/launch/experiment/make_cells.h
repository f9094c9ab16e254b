// Cells as tests need them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launch/experiment/results.h"

namespace prelude::test {

// A finished cell whose dev and test measures are all one number each.
inline CellResult make_cell(const CellKey& key, double dev, double test, double dev_loss = 1) {
  CellResult cell;
  cell.key = key;
  cell.dev = {dev, dev, dev, dev_loss, 32, {}};
  cell.test = {test, test, test, 1, 100, {}};
  return cell;
}

inline CellResult failed_cell(const CellKey& key) {
  CellResult cell;
  cell.key = key;
  cell.failed = true;
  cell.error = "the loss is not finite";
  return cell;
}

// One cell a number, with seeds 10, 20, ... (PPT's), at 32 shots and rate 0.3.
inline void add_cells(Results& results, const std::string& data, const std::string& method,
                      const std::vector<double>& test) {
  for (std::size_t i = 0; i < test.size(); ++i) {
    results.cells.push_back(make_cell({data, method, 32, 0.3, 10 * (i + 1)}, 0.5, test[i]));
  }
}

}  // namespace prelude::test
