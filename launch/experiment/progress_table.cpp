#include "launch/experiment/progress_table.h"

#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "launch/experiment/cell_grid.h"
#include "launch/experiment/text_grid.h"

namespace prelude {
namespace {

struct Counts {
  std::int64_t all = 0;
  std::int64_t running = 0;
  std::int64_t done = 0;
  std::int64_t failed = 0;

  void add(CellState state) {
    ++all;
    running += state == CellState::running ? 1 : 0;
    done += state == CellState::done ? 1 : 0;
    failed += state == CellState::failed ? 1 : 0;
  }
};

std::string counts_text(const Counts& counts) {
  if (counts.all == 0) return "-";
  std::string text = fmt::format("{}/{}", counts.done, counts.all);
  if (counts.running > 0) text.append(fmt::format(" +{} running", counts.running));
  if (counts.failed > 0) text.append(fmt::format(" {} failed", counts.failed));
  return text;
}

}  // namespace

std::string progress_table(std::span<const CellProgress> cells) {
  std::vector<CellKey> keys;
  for (const CellProgress& cell : cells) keys.push_back(cell.key);
  const CellGrid grid = grid_of(keys);
  std::vector<TextRow> rows(1, {"method"});
  for (const GridColumn& column : grid.columns) rows.front().push_back(one_line(column.title));
  for (const std::string& method : grid.methods) {
    TextRow row{one_line(method)};
    for (const GridColumn& column : grid.columns) {
      Counts counts;
      for (const CellProgress& cell : cells) {
        if (column.holds(cell.key) && cell.key.method == method) counts.add(cell.state);
      }
      row.push_back(counts_text(counts));
    }
    rows.push_back(row);
  }
  Counts sum;
  for (const CellProgress& cell : cells) sum.add(cell.state);
  return fmt::format("{}{} of {} cells done, {} running, {} failed, {} waiting\n", aligned(rows), sum.done, sum.all,
                     sum.running, sum.failed, sum.all - sum.done - sum.running - sum.failed);
}

}  // namespace prelude
