#include "launch/experiment/line_plot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "core/error.h"
#include "launch/experiment/palette.h"
#include "tests/launch/experiment/overlaps.h"

namespace prelude::test {
namespace {

LinePlot plot_of(std::size_t panels, std::vector<std::string> methods, bool log2_x) {
  LinePlot plot{"training examples", "accuracy, %", log2_x, log2_x, std::move(methods), {}};
  for (std::size_t i = 0; i < panels; ++i) {
    LinePanel panel{"data set", {}};
    for (std::size_t k = 0; k < plot.methods.size(); ++k) {
      panel.series.push_back({k, {32, 64, 128, 256}, {60, 70, 80, 98}, {5, 4, 3, 6}});
    }
    plot.panels.push_back(panel);
  }
  return plot;
}

TEST(LinePlot, CanBeRead) {
  for (const bool log2_x : {false, true}) {
    expect_readable(line_plot(plot_of(1, {"pt"}, log2_x)));
    expect_readable(line_plot(plot_of(5, {"pt", "ppt", "unified-ppt", "hybrid-pt", "lm-adaptation", "ft"}, log2_x)));
  }
}

TEST(LinePlot, CanBeReadWithLongNamesAndManySteps) {
  LinePlot plot =
      plot_of(4, {"pt", std::string(90, 'W'), "a name of very many words that nobody would ever choose"}, false);
  plot.panels[0].title = std::string(80, 'm');
  for (LineSeries& series : plot.panels[1].series) series.x = {50000, 100000, 150000, 200000};
  plot.panels[2].series.clear();
  const Svg svg = line_plot(plot);
  expect_readable(svg);
  EXPECT_EQ(count(svg.document(), "no finished cell"), 1U);
}

TEST(LinePlot, DrawsALineAndABandAMethod) {
  const std::string document = line_plot(plot_of(2, {"pt", "ppt"}, true)).document();
  EXPECT_EQ(count(document, "<polyline"), 4U);
  EXPECT_EQ(count(document, "<polygon"), 4U);
  EXPECT_EQ(count(document, "<circle"), 16U);
  EXPECT_EQ(count(document, "<script"), 0U);
  LinePlot curves = plot_of(1, {"pt"}, false);
  curves.panels[0].series[0].deviation.clear();
  EXPECT_EQ(count(line_plot(curves).document(), "<polygon"), 0U);
}

// The last point's band would reach 104: it ends where the tick of 100 stands, and there is no tick above.
TEST(LinePlot, CutsBandsAtHundred) {
  const Svg svg = line_plot(plot_of(1, {"pt"}, true));
  const std::string document = svg.document();
  double hundred = 0;  // of the tick's text, whose baseline stands 4 pixels below the tick
  for (const TextBox& box : svg.texts()) {
    EXPECT_NE(box.text, "110");
    if (box.text == "100") hundred = box.top + 0.8 * 11 - 4;
  }
  std::istringstream points(document.substr(document.find("<polygon points=\"") + 17));
  double highest = 1e9;
  for (int i = 0; i < 8; ++i) {
    double x = 0;
    double y = 0;
    char comma = 0;
    points >> x >> comma >> y;
    highest = std::min(highest, y);
  }
  EXPECT_NEAR(highest, hundred, 0.01);
}

TEST(LinePlot, TakesASinglePointAndNothing) {
  LinePlot plot{"step", "dev accuracy, %", false, false, {"pt"}, {{"d", {{0, {6}, {100}, {}}}}}};
  const Svg svg = line_plot(plot);
  expect_readable(svg);
  EXPECT_EQ(count(svg.document(), "<circle"), 1U);  // a line of one point would not be seen
  expect_readable(line_plot({}));
}

TEST(LinePlot, RefusesWhatIsNoLine) {
  LinePlot plot = plot_of(1, {"pt"}, false);
  plot.panels[0].series[0].y.pop_back();
  EXPECT_THROW(line_plot(plot), InternalError);
  plot = plot_of(1, {"pt"}, false);
  plot.panels[0].series[0].method = 1;
  EXPECT_THROW(line_plot(plot), InternalError);
}

TEST(Palette, TellsMethodsApart) {
  std::set<std::string> styles;
  for (std::size_t i = 0; i < 28; ++i) styles.insert(method_style(i).color + method_style(i).dashes);
  EXPECT_EQ(styles.size(), 28U);
  EXPECT_EQ(method_style(0).color, "#0072b2");  // Okabe and Ito's blue
}

}  // namespace
}  // namespace prelude::test
