#include "launch/experiment/box_plot.h"

#include <gtest/gtest.h>

#include "tests/launch/experiment/overlaps.h"

namespace prelude::test {
namespace {

BoxPlot plot_of(std::size_t panels, std::vector<std::string> methods) {
  BoxPlot plot{"vocabulary accuracy, %", "the most frequent class", std::move(methods), {}};
  for (std::size_t i = 0; i < panels; ++i) {
    BoxPanel panel{"data set", {}, 50};
    for (std::size_t k = 0; k < plot.methods.size(); ++k) {
      const double base = 50 + 4 * static_cast<double>(k);
      panel.values.push_back({base, base + 3, base + 1, base + 7, base + 2});
    }
    plot.panels.push_back(panel);
  }
  return plot;
}

TEST(BoxPlot, CanBeRead) {
  expect_readable(box_plot(plot_of(1, {"pt"})));
  expect_readable(box_plot(plot_of(7, {"pt", "ppt", "unified-ppt", "ft"})));
}

TEST(BoxPlot, CanBeReadWithLongNames) {
  BoxPlot plot =
      plot_of(4, {"pt", std::string(90, 'W'), "a name of very many words that nobody would ever choose", ""});
  plot.panels[1].title = "a data set with a title that is longer than any panel is wide, by far";
  plot.panels[2].values[1].clear();
  const Svg svg = box_plot(plot);
  expect_readable(svg);
  EXPECT_EQ(count(svg.document(), "no finished cell"), 1U);
}

TEST(BoxPlot, DrawsEverySeed) {
  const std::string document = box_plot(plot_of(2, {"pt", "ppt"})).document();
  EXPECT_EQ(count(document, "<circle"), 2U * 2 * 5);
  EXPECT_EQ(count(document, "stroke-dasharray"), 3U);  // a guess in each panel, and what it is
  EXPECT_EQ(count(document, "<script"), 0U);
}

// Values 50..90 on an axis with these ends: a box from 60 to 80 is half as long as the axis.
TEST(BoxPlot, SpansTheQuartiles) {
  BoxPlot plot{"x", "", {"pt"}, {{"d", {{50, 60, 70, 80, 90}}, {}}}};
  const std::string document = box_plot(plot).document();
  EXPECT_EQ(count(document, "width=\"107\" height=\"16\""), 1U) << document;  // (230 - 2 * 8) / 2
}

TEST(BoxPlot, EscapesNamesAndTakesNothing) {
  EXPECT_EQ(count(box_plot(plot_of(1, {"<b>&"})).document(), "&lt;b&gt;&amp;"), 1U);
  expect_readable(box_plot({}));
  EXPECT_EQ(count(box_plot({}).document(), "no cells yet"), 1U);
}

}  // namespace
}  // namespace prelude::test
