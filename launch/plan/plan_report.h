// A plan as a page for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "launch/plan/prediction.h"

namespace prelude {

struct Plan {
  std::string model;  // shape or folder
  std::string dtype;
  bool output_unsettled = false;  // config.json does not say whether the output matrix is tied: counted as its own
  PlannedJob job;
  MachineAssumptions machine;
  std::vector<RanksPlan> rows;  // at least one
};

// Counts first, then what is predicted from them, with the assumptions above it. Detail is of the first row.
std::string plan_text(const Plan& plan);
// One object, one line.
std::string plan_json(const Plan& plan);

}  // namespace prelude
