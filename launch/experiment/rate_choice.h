// Which rate of a grid a method is reported with: chosen on the dev examples, never on the test examples.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "launch/experiment/cell.h"
#include "launch/experiment/cell_grid.h"
#include "launch/experiment/measure.h"

namespace prelude {

// A method's cells on one data set and number of shots, with the chosen rate.
struct ChosenCells {
  double rate = 0;
  double dev = 0;          // mean of the measure over the dev examples of `finished`, in [0,1]
  std::int64_t rates = 0;  // rates there were to choose from
  std::vector<const CellResult*>
      finished;             // by ascending seed; of the span given to choose_rate, which must outlive it
  std::int64_t failed = 0;  // cells of this rate
};

// The rate with the greatest mean of `measure` on dev over its seeds; of equal ones that with the least mean dev loss,
// then the smallest. Only rates with the most finished seeds compete: a mean over the seeds that happened not to fail
// is not one over all.
ChosenCells choose_rate(std::span<const CellResult> cells, const GridColumn& column, const std::string& method,
                        Measure measure);

}  // namespace prelude
