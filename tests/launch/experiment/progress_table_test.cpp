#include "launch/experiment/progress_table.h"

#include <gtest/gtest.h>

#include <vector>

namespace prelude::test {
namespace {

TEST(ProgressTable, CountsCells) {
  std::vector<CellProgress> cells;
  const auto add = [&](const char* data, const char* method, CellState state) {
    cells.push_back({{data, method, 32, 0.3, cells.size()}, state});
  };
  add("sst2", "pt", CellState::done);
  add("sst2", "pt", CellState::done);
  add("sst2", "unified-ppt", CellState::running);
  add("sst2", "unified-ppt", CellState::failed);
  add("sst2", "unified-ppt", CellState::done);
  add("cb", "pt", CellState::waiting);
  EXPECT_EQ(progress_table(cells),
            "method                          sst2   cb\n"
            "pt                               2/2  0/1\n"
            "unified-ppt  1/3 +1 running 1 failed    -\n"
            "3 of 6 cells done, 1 running, 1 failed, 1 waiting\n");
}

TEST(ProgressTable, OfNothing) {
  EXPECT_EQ(progress_table({}), "method\n0 of 0 cells done, 0 running, 0 failed, 0 waiting\n");
}

}  // namespace
}  // namespace prelude::test
