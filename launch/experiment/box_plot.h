// Box plots of a few numbers each: a panel a data set, a row a method.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launch/experiment/svg.h"

namespace prelude {

struct BoxPanel {
  std::string title;
  std::vector<std::vector<double>> values;  // one list a method, over its seeds, percent; empty: none finished
  std::optional<double> guess;              // percent: a dashed line across the panel
};

struct BoxPlot {
  std::string x_label;
  std::string guess_label;           // what the dashed line is
  std::vector<std::string> methods;  // top down; their numbers choose the colours
  std::vector<BoxPanel> panels;
};

// Boxes lie on their sides, so that a method's name has a line of its own in front of its row and is the legend too. A
// box spans the quartiles with a line at the median, whiskers reach to the least and the greatest number, and every
// number is a point.
Svg box_plot(const BoxPlot& plot);

}  // namespace prelude
