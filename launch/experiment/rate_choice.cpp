#include "launch/experiment/rate_choice.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "launch/experiment/statistics.h"

namespace prelude {
namespace {

struct Candidate {
  ChosenCells cells;
  double loss = std::numeric_limits<double>::infinity();  // mean on dev
};

void finish(Candidate& candidate, Measure measure) {
  std::vector<const CellResult*>& finished = candidate.cells.finished;
  std::sort(finished.begin(), finished.end(),
            [](const CellResult* a, const CellResult* b) { return a->key.seed < b->key.seed; });
  if (finished.empty()) return;
  std::vector<double> shares;
  std::vector<double> losses;
  for (const CellResult* cell : finished) {
    shares.push_back(measured(cell->dev, measure));
    losses.push_back(cell->dev.loss);
  }
  candidate.cells.dev = mean_of(shares);
  const double loss = mean_of(losses);
  if (!std::isnan(loss)) candidate.loss = loss;  // diverged: worse than any number
}

bool better(const Candidate& a, const Candidate& b) {
  constexpr double rounding = 1e-12;  // sums of the same shares in another order
  if (a.cells.finished.size() != b.cells.finished.size()) return a.cells.finished.size() > b.cells.finished.size();
  if (std::abs(a.cells.dev - b.cells.dev) > rounding) return a.cells.dev > b.cells.dev;
  return a.loss < b.loss;
}

}  // namespace

ChosenCells choose_rate(std::span<const CellResult> cells, const GridColumn& column, const std::string& method,
                        Measure measure) {
  std::map<double, Candidate> candidates;  // ascending, so that of equal rates the smallest stays
  for (const CellResult& cell : cells) {
    if (!column.holds(cell.key) || cell.key.method != method) continue;
    ChosenCells& of_rate = candidates[cell.key.rate].cells;
    of_rate.rate = cell.key.rate;
    if (cell.failed) {
      ++of_rate.failed;
    } else {
      of_rate.finished.push_back(&cell);
    }
  }
  if (candidates.empty()) return {};
  for (auto& [rate, candidate] : candidates) finish(candidate, measure);
  const Candidate* best = &candidates.begin()->second;
  for (const auto& [rate, candidate] : candidates) {
    if (better(candidate, *best)) best = &candidate;
  }
  ChosenCells chosen = best->cells;
  chosen.rates = static_cast<std::int64_t>(candidates.size());
  return chosen;
}

}  // namespace prelude
