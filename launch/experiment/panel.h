// What every panel of a picture has: its place among the others, its title, its frame.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "launch/experiment/axis.h"
#include "launch/experiment/svg.h"

namespace prelude {

constexpr double tick_size = 11;      // of tick labels, pixels
constexpr double title_size = 13;     // of titles
constexpr double x_axis_height = 42;  // tick labels and the axis' name below a frame

// Titles, wrapped to one width, and the height that the tallest needs.
struct PanelTitles {
  std::vector<std::vector<std::string>> lines;  // a panel's
  double height = 0;
};
PanelTitles panel_titles(const std::vector<std::string>& titles, double width);

// Where frames stand: row by row, at most three beside each other, `left` pixels in front of each row's first.
struct PanelGrid {
  std::size_t number = 0;
  double frame_width = 0;
  double frame_height = 0;
  double left = 0;    // of a row's first frame
  double top = 0;     // of the first row, its titles included
  double title = 0;   // height of titles
  double column = 0;  // from one frame's left to the next one's
  double row = 0;     // from one row's titles to the next one's

  std::size_t columns() const { return number < 3 ? number : 3; }
  std::size_t rows() const { return columns() == 0 ? 0 : (number + columns() - 1) / columns(); }
  // The upper left corner of frame `index`.
  SvgPoint corner(std::size_t index) const;
  double width() const;   // of the picture
  double height() const;  // of the picture
};

// The title above the frame at `corner`, the frame, and ticks with grid lines along the x axis with its name below.
void draw_frame(Svg& svg, const PanelGrid& grid, SvgPoint corner, const std::vector<std::string>& title, const Axis& x,
                const std::string& x_label);

// A picture that says only `message`.
Svg empty_picture(const std::string& message);

}  // namespace prelude
