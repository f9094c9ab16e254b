// The table of an experiment's test results: a row a method, a column a data set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "launch/experiment/cell_grid.h"
#include "launch/experiment/measure.h"
#include "launch/experiment/results.h"

namespace prelude {

struct TableOptions {
  Measure measure = Measure::vocabulary_accuracy;
  std::string reference;  // the method that the others are tested against; empty: no tests
};

// All shares in [0,1]; the writers print percent.
struct TableValue {
  double mean = 0;
  std::optional<double> deviation;  // sample standard deviation over seeds; none of a single one
  bool best = false;                // the greatest mean of its column's methods
  // Against the reference, Holm-corrected. None where fewer than three seeds pair up, or where all differences are one
  // number: then there is no spread to test against.
  std::optional<double> p;
};

struct TableCell {
  std::vector<TableValue> values;  // the accuracy, then the macro-F1 of a column that shows it; empty: nothing finished
  std::int64_t finished = 0;       // seeds
  std::int64_t untrained = 0;      // of these: trained, but tested in the state of step 0
  std::int64_t failed = 0;         // seeds
  double rate = 0;                 // the chosen one, or 0
  std::int64_t rates = 0;          // to choose from
};

struct TableColumn {
  GridColumn place;
  bool f1 = false;             // macro-F1 stands beside the accuracy
  std::int64_t seeds = 0;      // different ones in the column's cells
  bool same_examples = false;  // several seeds, all with the same training examples
};

struct TableRow {
  std::string name;
  std::vector<TableCell> cells;  // one a column
};

struct ResultTable {
  TableOptions options;
  std::vector<TableColumn> columns;
  std::vector<TableRow> methods;    // in the experiment's order
  std::vector<TableRow> baselines;  // "majority" and "random", where the results have baselines
  std::int64_t failed = 0;          // cells, of all rates
  std::int64_t cells = 0;
};

// The rate of every cell is choose_rate's. Tests are paired_t_test over the seeds that a method shares with the
// reference, corrected by holm over the methods of a column. Throws UserError where the reference is no method of the
// results or a cell stands twice.
ResultTable make_table(const Results& results, const TableOptions& options);

// Each ends in a newline. Below the table stand what its marks mean and, where rates were chosen, a table of them.
std::string markdown_text(const ResultTable& table);
std::string latex_text(const ResultTable& table);  // a `table` float for \usepackage{booktabs}, UTF-8
std::string plain_text(const ResultTable& table);  // aligned, for a terminal

}  // namespace prelude
