#include "launch/experiment/rate_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/launch/experiment/make_cells.h"

namespace prelude::test {
namespace {

const GridColumn column{"sst2", 32, "sst2"};

CellResult cell(double rate, std::uint64_t seed, double dev, double test, double loss = 1) {
  return make_cell({"sst2", "ppt", 32, rate, seed}, dev, test, loss);
}

double chosen(std::vector<CellResult> cells, Measure measure = Measure::vocabulary_accuracy) {
  const double rate = choose_rate(cells, column, "ppt", measure).rate;
  std::reverse(cells.begin(), cells.end());  // the order of cells must not matter
  EXPECT_EQ(choose_rate(cells, column, "ppt", measure).rate, rate);
  return rate;
}

TEST(RateChoice, GoesByTheMeanOnDevAndNeverByTest) {
  EXPECT_EQ(chosen({cell(0.1, 10, 0.9, 0.1), cell(0.1, 20, 0.5, 0.1), cell(0.3, 10, 0.6, 1), cell(0.3, 20, 0.6, 1)}),
            0.1);
}

TEST(RateChoice, BreaksTiesByLossThenByTheSmallerRate) {
  EXPECT_EQ(chosen({cell(0.1, 10, 0.5, 0, 2), cell(0.3, 10, 0.5, 0, 1)}), 0.3);
  EXPECT_EQ(chosen({cell(0.3, 10, 0.5, 0), cell(0.1, 10, 0.5, 0)}), 0.1);
  // Equal but for rounding: 0.1 + 0.2 + 0.3 in two orders.
  EXPECT_EQ(chosen({cell(0.1, 1, 0.1, 0, 2), cell(0.1, 2, 0.2, 0, 2), cell(0.1, 3, 0.3, 0, 2), cell(0.3, 1, 0.3, 0, 1),
                    cell(0.3, 2, 0.2, 0, 1), cell(0.3, 3, 0.1, 0, 1)}),
            0.3);
}

TEST(RateChoice, TakesALossThatIsNotFiniteForTheWorst) {
  EXPECT_EQ(chosen({cell(0.1, 10, 0.5, 0, std::nan("")), cell(0.3, 10, 0.5, 0, 100)}), 0.3);
}

TEST(RateChoice, PrefersRatesWhoseSeedsAllFinished) {
  const CellKey lost{"sst2", "ppt", 32, 0.3, 20};
  EXPECT_EQ(chosen({cell(0.1, 10, 0.5, 0), cell(0.1, 20, 0.5, 0), cell(0.3, 10, 0.9, 0), failed_cell(lost)}), 0.1);
}

TEST(RateChoice, FollowsTheMeasure) {
  CellResult words = cell(0.1, 10, 0.9, 0);
  words.dev.accuracy = 0.2;
  EXPECT_EQ(chosen({words, cell(0.3, 10, 0.5, 0)}), 0.1);
  EXPECT_EQ(chosen({words, cell(0.3, 10, 0.5, 0)}, Measure::accuracy), 0.3);
}

TEST(RateChoice, CountsAndSortsWhatItChose) {
  const std::vector<CellResult> cells = {cell(0.1, 30, 0.6, 0),
                                         cell(0.1, 10, 0.8, 0),
                                         failed_cell({"sst2", "ppt", 32, 0.1, 20}),
                                         failed_cell({"sst2", "ppt", 32, 0.3, 20}),
                                         make_cell({"sst2", "ppt", 64, 0.1, 10}, 1, 1),
                                         make_cell({"sst2", "pt", 32, 0.1, 10}, 1, 1),
                                         make_cell({"cb", "ppt", 32, 0.1, 10}, 1, 1)};
  const ChosenCells all = choose_rate(cells, column, "ppt", Measure::vocabulary_accuracy);
  ASSERT_EQ(all.finished.size(), 2U);
  EXPECT_EQ(all.finished[0], &cells[1]);
  EXPECT_EQ(all.finished[1], &cells[0]);
  EXPECT_EQ(all.failed, 1);
  EXPECT_EQ(all.rates, 2);
  EXPECT_NEAR(all.dev, 0.7, 1e-15);
  EXPECT_TRUE(choose_rate(cells, column, "ft", Measure::vocabulary_accuracy).finished.empty());
}

}  // namespace
}  // namespace prelude::test
