#include "launch/experiment/axis.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "launch/experiment/svg.h"

namespace prelude::test {
namespace {

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> labels;
  for (const Tick& tick : axis.ticks) labels.push_back(tick.label);
  return labels;
}

TEST(Axis, HasTicksAtRoundNumbers) {
  using Labels = std::vector<std::string>;
  EXPECT_EQ(labels(linear_axis(52, 88, 0, 100, 0, 400, 11)), (Labels{"50", "60", "70", "80", "90"}));
  EXPECT_EQ(labels(linear_axis(0, 96, 0, 1e300, 0, 400, 11)), (Labels{"0", "20", "40", "60", "80", "100"}));
  EXPECT_EQ(labels(linear_axis(90.3, 91.2, 0, 100, 0, 400, 11)),
            (Labels{"90.2", "90.4", "90.6", "90.8", "91.0", "91.2"}));
}

TEST(Axis, ReachesFromEndToEnd) {
  const Axis axis = linear_axis(52, 88, 0, 100, 10, 410, 11);
  EXPECT_NEAR(axis.at(50), 10, 1e-9);
  EXPECT_NEAR(axis.at(90), 410, 1e-9);
  EXPECT_NEAR(axis.at(70), 210, 1e-9);
  const Axis up = linear_axis(52, 88, 0, 100, 200, 0, 11);
  EXPECT_NEAR(up.at(50), 200, 1e-9);
  EXPECT_NEAR(up.at(90), 0, 1e-9);
}

TEST(Axis, StaysWithinItsBounds) {
  for (const double value : {0.0, 0.4, 99.7, 100.0}) {
    const Axis axis = linear_axis(value, value, 0, 100, 0, 300, 11);
    EXPECT_GE(axis.low, 0);
    EXPECT_LE(axis.high, 100);
    EXPECT_LT(axis.low, axis.high);
    EXPECT_GE(axis.ticks.size(), 2U);
    EXPECT_TRUE(std::isfinite(axis.at(value)));
  }
}

TEST(Axis, LabelsDoNotTouch) {
  for (const double most : {1.0, 96.0, 1234.0, 200000.0, 123456789.0}) {
    const Axis axis = linear_axis(0, most, 0, 1e300, 0, 250, 11);
    for (std::size_t i = 1; i < axis.ticks.size(); ++i) {
      const double between = axis.at(axis.ticks[i].value) - axis.at(axis.ticks[i - 1].value);
      EXPECT_GT(between, (text_width(axis.ticks[i].label, 11) + text_width(axis.ticks[i - 1].label, 11)) / 2);
    }
    EXPECT_GE(axis.ticks.size(), 2U);
    EXPECT_GE(axis.high, most);
  }
}

TEST(Axis, GoesByPowersOfTwo) {
  const Axis axis = log2_axis(32, 500, 0, 400, 11);
  EXPECT_EQ(labels(axis), (std::vector<std::string>{"32", "64", "128", "256", "512"}));
  EXPECT_NEAR(axis.at(64), 100, 1e-9);
  EXPECT_NEAR(axis.at(std::sqrt(64.0 * 128.0)), 150, 1e-9);
  EXPECT_EQ(labels(log2_axis(32, 32, 0, 400, 11)), (std::vector<std::string>{"32", "64"}));
  EXPECT_EQ(labels(log2_axis(1, 1048576, 0, 250, 11)).front(), "1");
  EXPECT_LT(log2_axis(1, 1048576, 0, 250, 11).ticks.size(), 12U);
}

}  // namespace
}  // namespace prelude::test
