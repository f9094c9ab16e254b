#include "launch/experiment/figures.h"

#include <gtest/gtest.h>

#include "tests/launch/experiment/make_cells.h"

namespace prelude::test {
namespace {

constexpr Measure measure = Measure::vocabulary_accuracy;

TEST(Figures, BoxesHoldTheSeedsOfTheChosenRate) {
  Results results;
  add_cells(results, "sst2", "pt", {0.5, 0.75});
  add_cells(results, "sst2", "ppt", {0.25});
  results.cells.push_back(make_cell({"sst2", "ppt", 32, 0.1, 10}, 0.75, 1));  // better on dev than the one above
  results.baselines = {{"sst2", "accuracy", 0.5, 0.5, 0, 0}};
  const BoxPlot plot = box_figure(results, measure);
  EXPECT_EQ(plot.methods, (std::vector<std::string>{"pt", "ppt"}));
  ASSERT_EQ(plot.panels.size(), 1U);
  EXPECT_EQ(plot.panels[0].values, (std::vector<std::vector<double>>{{50, 75}, {100}}));
  EXPECT_EQ(plot.panels[0].guess, 50);
}

TEST(Figures, ShotsAreOrderedAndAllOfThemCounted) {
  Results results;
  for (const std::int64_t shots : {64, 0, 32}) {
    for (const std::uint64_t seed : {1U, 2U}) {
      const double test = shots == 32 ? 0.5 : 0.75;
      results.cells.push_back(make_cell({"cb", "pt", shots, 0.3, seed}, 0.5, seed == 1 ? test : test - 0.25));
      if (shots == 0) results.cells.back().train_indices.resize(250);
    }
  }
  const LinePlot plot = shots_figure(results, measure);
  ASSERT_EQ(plot.panels.size(), 1U);
  const LineSeries& line = plot.panels[0].series.at(0);
  EXPECT_EQ(line.x, (std::vector<double>{32, 64, 250}));
  EXPECT_EQ(line.y, (std::vector<double>{37.5, 62.5, 62.5}));
  ASSERT_EQ(line.deviation.size(), 3U);
  EXPECT_NEAR(line.deviation[0], 17.677669529663688, 1e-12);  // 25 / sqrt(2)
  EXPECT_TRUE(plot.log2_x);
}

TEST(Figures, CurvesLeaveOutStepsThatASeedLacks) {
  Results results;
  add_cells(results, "cb", "pt", {0.5, 0.5});
  results.cells[0].curve = {{6, 0.5, 1}, {12, 0.75, 1}};
  results.cells[1].curve = {{6, 1, 1}};
  results.cells.push_back(failed_cell({"cb", "pt", 32, 0.3, 99}));
  const LinePlot plot = curve_figure(results, measure);
  const LineSeries& line = plot.panels.at(0).series.at(0);
  EXPECT_EQ(line.x, (std::vector<double>{6}));
  EXPECT_EQ(line.y, (std::vector<double>{75}));
}

}  // namespace
}  // namespace prelude::test
