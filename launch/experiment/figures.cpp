#include "launch/experiment/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "launch/experiment/cell_grid.h"
#include "launch/experiment/rate_choice.h"
#include "launch/experiment/statistics.h"

namespace prelude {
namespace {

std::string percent_label(Measure measure) { return fmt::format("{}, %", short_name(measure)); }

std::vector<double> percents(const ChosenCells& chosen, Measure measure) {
  std::vector<double> values;
  for (const CellResult* cell : chosen.finished) values.push_back(100 * measured(cell->test, measure));
  return values;
}

// Training examples of the cells; 0 where nobody knows.
double examples_of(const GridColumn& column, const ChosenCells& chosen) {
  if (column.shots > 0) return static_cast<double>(column.shots);
  return static_cast<double>(chosen.finished.front()->train_indices.size());
}

// Mean and deviation of a method on a data set by the number of training examples.
LineSeries shots_line(const Results& results, const CellGrid& grid, const std::string& data, std::size_t method,
                      Measure measure) {
  std::map<double, std::vector<double>> by_examples;
  for (const GridColumn& column : grid.columns) {
    if (column.data != data) continue;
    const ChosenCells chosen = choose_rate(results.cells, column, grid.methods[method], measure);
    if (chosen.finished.empty()) continue;
    const double examples = examples_of(column, chosen);
    if (examples > 0) by_examples.emplace(examples, percents(chosen, measure));
  }
  LineSeries line;
  line.method = method;
  for (const auto& [examples, values] : by_examples) {
    line.x.push_back(examples);
    line.y.push_back(mean_of(values));
    line.deviation.push_back(values.size() < 2 ? 0 : sample_deviation(values));
  }
  return line;
}

LineSeries mean_curve(const ChosenCells& chosen, std::size_t method) {
  std::map<std::int64_t, std::vector<double>> by_step;
  for (const CellResult* cell : chosen.finished) {
    for (const DevPoint& point : cell->curve) by_step[point.step].push_back(100 * point.accuracy);
  }
  LineSeries line;
  line.method = method;
  for (const auto& [step, values] : by_step) {
    if (values.size() != chosen.finished.size()) continue;
    line.x.push_back(static_cast<double>(step));
    line.y.push_back(mean_of(values));
  }
  return line;
}

}  // namespace

BoxPlot box_figure(const Results& results, Measure measure) {
  const CellGrid grid = grid_of(keys_of(results.cells));
  BoxPlot plot{percent_label(measure), "the most frequent class", grid.methods, {}};
  for (const GridColumn& column : grid.columns) {
    BoxPanel panel{column.title, {}, {}};
    for (const std::string& method : grid.methods) {
      panel.values.push_back(percents(choose_rate(results.cells, column, method, measure), measure));
    }
    const Baseline* baseline = results.baseline(column.data);
    if (baseline != nullptr) panel.guess = 100 * baseline->majority;
    plot.panels.push_back(panel);
  }
  return plot;
}

LinePlot shots_figure(const Results& results, Measure measure) {
  const CellGrid grid = grid_of(keys_of(results.cells));
  LinePlot plot{"training examples", percent_label(measure), true, true, grid.methods, {}};
  for (const std::string& data : grid.data) {
    LinePanel panel{data, {}};
    for (std::size_t method = 0; method < grid.methods.size(); ++method) {
      panel.series.push_back(shots_line(results, grid, data, method, measure));
    }
    plot.panels.push_back(panel);
  }
  return plot;
}

LinePlot curve_figure(const Results& results, Measure measure) {
  const CellGrid grid = grid_of(keys_of(results.cells));
  LinePlot plot{"step", "dev accuracy, %", false, false, grid.methods, {}};
  for (const GridColumn& column : grid.columns) {
    LinePanel panel{column.title, {}};
    for (std::size_t method = 0; method < grid.methods.size(); ++method) {
      panel.series.push_back(mean_curve(choose_rate(results.cells, column, grid.methods[method], measure), method));
    }
    plot.panels.push_back(panel);
  }
  return plot;
}

}  // namespace prelude
