// All cells of an experiment and what they are compared with: the file results.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "launch/experiment/cell.h"

namespace prelude {

// What a guess scores on a data set's test examples, as shares in [0,1]: always the class most frequent there, and a
// class drawn evenly.
struct Baseline {
  std::string data;
  std::string metric;  // "accuracy", or "accuracy/f1" where the data set's results are given as the two of them
  double majority = 0;
  double random = 0;
  double majority_f1 = 0;
  double random_f1 = 0;
};

struct Results {
  std::string configuration;  // the experiment's file, as text
  std::string version;        // of the program
  std::vector<Baseline> baselines;
  std::vector<CellResult> cells;  // in the experiment's order: tables and pictures keep that of data sets and methods

  // The data set's baseline, or null. Owned by this.
  const Baseline* baseline(std::string_view data) const;
  // Whether the data set's results are given as accuracy and macro-F1.
  bool shows_f1(std::string_view data) const;
};

// JSON, a cell a line; ends in a newline. Bytes of texts that are no UTF-8 are replaced.
std::string results_text(const Results& results);

// What results_text wrote. Throws UserError naming file and field, also where a cell or a baseline stands twice.
Results parse_results(const std::string& path, std::string_view text);

// Throws UserError naming `path` where two cells have one key, or two baselines one data set.
void require_distinct(const std::string& path, const Results& results);

}  // namespace prelude
