// How far an experiment is, for a terminal.
#pragma once

#include <span>
#include <string>

#include "launch/experiment/cell.h"

namespace prelude {

enum class CellState { waiting, running, done, failed };

struct CellProgress {
  CellKey key;
  CellState state = CellState::waiting;
};

// Aligned, a row a method and a column a data set: "3/5" cells done, then those running and failed where there are any;
// below it their sums. Ends in a newline.
std::string progress_table(std::span<const CellProgress> cells);

}  // namespace prelude
