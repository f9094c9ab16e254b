// Lines with bands around them: a panel a data set, a line a method.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "launch/experiment/svg.h"

namespace prelude {

struct LineSeries {
  std::size_t method = 0;         // number in LinePlot::methods
  std::vector<double> x;          // ascending; above 0 on a logarithmic axis
  std::vector<double> y;          // percent, as many
  std::vector<double> deviation;  // half the band's height, as many, or empty: no band
};

struct LinePanel {
  std::string title;
  std::vector<LineSeries> series;
};

struct LinePlot {
  std::string x_label;
  std::string y_label;
  bool log2_x = false;
  bool points = false;               // a dot at every point
  std::vector<std::string> methods;  // the legend; their numbers choose the colours
  std::vector<LinePanel> panels;
};

// Bands are cut at 0 and 100 percent. A panel without any point says so.
Svg line_plot(const LinePlot& plot);

}  // namespace prelude
