#include "launch/experiment/table.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error.h"
#include "core/io/shallow_json.h"
#include "launch/experiment/rate_choice.h"
#include "launch/experiment/statistics.h"

namespace prelude {
namespace {

// One number of a table's cell, by seed.
using SeedValues = std::map<std::uint64_t, double>;

// The numbers of each method in one column; `f1`: the macro-F1 instead of the measure.
std::vector<SeedValues> values_of(const std::vector<ChosenCells>& methods, Measure measure, bool f1) {
  std::vector<SeedValues> values(methods.size());
  for (std::size_t i = 0; i < methods.size(); ++i) {
    for (const CellResult* cell : methods[i].finished) {
      values[i][cell->key.seed] = f1 ? cell->test.macro_f1 : measured(cell->test, measure);
    }
  }
  return values;
}

TableValue summary(const SeedValues& values) {
  std::vector<double> numbers;
  for (const auto& [seed, value] : values) numbers.push_back(value);
  TableValue summary;
  summary.mean = mean_of(numbers);
  if (numbers.size() >= 2) summary.deviation = sample_deviation(numbers);
  return summary;
}

std::optional<double> paired_p(const SeedValues& values, const SeedValues& reference) {
  constexpr std::size_t fewest = 3;
  std::vector<double> a;
  std::vector<double> b;
  for (const auto& [seed, value] : values) {
    const auto found = reference.find(seed);
    if (found == reference.end()) continue;
    a.push_back(value);
    b.push_back(found->second);
  }
  if (a.size() < fewest) return std::nullopt;
  const PairedTest test = paired_t_test(a, b);
  return std::isfinite(test.t) ? std::optional(test.p) : std::nullopt;
}

// Holm-corrected, one a method; none for the reference itself.
std::vector<std::optional<double>> tests(const std::vector<SeedValues>& values, std::size_t reference) {
  std::vector<std::optional<double>> result(values.size());
  std::vector<double> p;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != reference) result[i] = paired_p(values[i], values[reference]);
    if (result[i]) p.push_back(*result[i]);
  }
  const std::vector<double> corrected = holm(p);
  auto next = corrected.begin();
  for (std::optional<double>& one : result) {
    if (one) one = *next++;
  }
  return result;
}

// Appends one number to every method's cell of column `column` that has finished seeds.
void add_values(ResultTable& table, std::size_t column, const std::vector<SeedValues>& values,
                std::optional<std::size_t> reference) {
  std::vector<std::optional<double>> p(values.size());
  if (reference) p = tests(values, *reference);
  double best = -1;
  for (const SeedValues& one : values) {
    if (!one.empty()) best = std::max(best, summary(one).mean);
  }
  constexpr double rounding = 1e-12;  // sums of the same shares in another order
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) continue;
    TableValue value = summary(values[i]);
    value.best = value.mean >= best - rounding;
    value.p = p[i];
    table.methods[i].cells[column].values.push_back(value);
  }
}

void fill_column(ResultTable& table, std::size_t column, const Results& results, std::optional<std::size_t> reference) {
  const TableColumn& head = table.columns[column];
  std::vector<ChosenCells> chosen;
  for (TableRow& row : table.methods) {
    chosen.push_back(choose_rate(results.cells, head.place, row.name, table.options.measure));
    TableCell& cell = row.cells[column];
    cell.finished = static_cast<std::int64_t>(chosen.back().finished.size());
    cell.untrained =
        std::count_if(chosen.back().finished.begin(), chosen.back().finished.end(),
                      [](const CellResult* result) { return result->best_step == 0 && result->curve.size() > 1; });
    cell.failed = chosen.back().failed;
    cell.rate = chosen.back().rate;
    cell.rates = chosen.back().rates;
  }
  add_values(table, column, values_of(chosen, table.options.measure, false), reference);
  if (head.f1) add_values(table, column, values_of(chosen, table.options.measure, true), reference);
}

std::vector<TableColumn> columns_of(const CellGrid& grid, const Results& results) {
  std::vector<TableColumn> columns;
  for (const GridColumn& place : grid.columns) {
    std::set<std::uint64_t> seeds;
    std::set<std::vector<std::int64_t>> examples;
    for (const CellResult& cell : results.cells) {
      if (!place.holds(cell.key)) continue;
      seeds.insert(cell.key.seed);
      if (!cell.failed) examples.insert(cell.train_indices);
    }
    const bool same_examples = seeds.size() > 1 && examples.size() == 1 && !examples.begin()->empty();
    columns.push_back({place, results.shows_f1(place.data), static_cast<std::int64_t>(seeds.size()), same_examples});
  }
  return columns;
}

void add_baselines(ResultTable& table, const Results& results) {
  if (results.baselines.empty()) return;
  TableRow majority{"majority", {}};
  TableRow random{"random", {}};
  for (const TableColumn& column : table.columns) {
    TableRow* const rows[] = {&majority, &random};
    for (TableRow* row : rows) row->cells.emplace_back();
    const Baseline* found = results.baseline(column.place.data);
    if (found == nullptr) continue;
    majority.cells.back().values.push_back({found->majority, {}, false, {}});
    random.cells.back().values.push_back({found->random, {}, false, {}});
    if (!column.f1) continue;
    majority.cells.back().values.push_back({found->majority_f1, {}, false, {}});
    random.cells.back().values.push_back({found->random_f1, {}, false, {}});
  }
  table.baselines = {majority, random};
}

}  // namespace

ResultTable make_table(const Results& results, const TableOptions& options) {
  require_distinct("the results", results);
  const CellGrid grid = grid_of(keys_of(results.cells));
  ResultTable table;
  table.options = options;
  table.columns = columns_of(grid, results);
  std::optional<std::size_t> reference;
  for (const std::string& method : grid.methods) {
    if (method == options.reference) reference = table.methods.size();
    table.methods.push_back({method, std::vector<TableCell>(table.columns.size())});
  }
  require(options.reference.empty() || reference.has_value(),
          "the reference '{}' is no method of these results; name one of them: {}", printable(options.reference),
          printable(fmt::format("{}", fmt::join(grid.methods, ", "))));
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    fill_column(table, column, results, reference);
  }
  add_baselines(table, results);
  table.cells = static_cast<std::int64_t>(results.cells.size());
  table.failed =
      std::count_if(results.cells.begin(), results.cells.end(), [](const CellResult& cell) { return cell.failed; });
  return table;
}

}  // namespace prelude
