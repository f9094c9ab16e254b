#include "launch/experiment/box_plot.h"

#include <algorithm>

#include "core/error.h"
#include "launch/experiment/palette.h"
#include "launch/experiment/panel.h"
#include "launch/experiment/statistics.h"

namespace prelude {
namespace {

constexpr double name_size = 12;
constexpr double name_line = 15;
constexpr double widest_name = 180;
constexpr double panel_width = 230;
constexpr double box_height = 16;
constexpr double top_margin = 12;
constexpr double note_height = 22;

struct Names {
  std::vector<std::vector<std::string>> lines;
  double width = 0;
  double row = 0;  // height of a method's row
};

Names names_of(const std::vector<std::string>& methods) {
  Names names;
  std::size_t most = 1;
  for (const std::string& method : methods) {
    names.lines.push_back(wrapped(method, widest_name, name_size));
    most = std::max(most, names.lines.back().size());
    for (const std::string& line : names.lines.back()) names.width = std::max(names.width, text_width(line, name_size));
  }
  names.row = std::max(box_height + 14, name_line * static_cast<double>(most) + 8);
  return names;
}

PanelGrid layout(const BoxPlot& plot, const Names& names, double title_height) {
  PanelGrid grid;
  grid.number = plot.panels.size();
  grid.frame_width = panel_width;
  grid.frame_height = names.row * static_cast<double>(plot.methods.size());
  grid.left = std::max(40.0, names.width + 24);
  grid.top = top_margin;
  grid.title = title_height;
  grid.column = panel_width + 36;
  grid.row = title_height + grid.frame_height + x_axis_height + 10;
  return grid;
}

Axis axis_of(const BoxPanel& panel, double from) {
  std::vector<double> all;
  for (const std::vector<double>& values : panel.values) all.insert(all.end(), values.begin(), values.end());
  if (panel.guess) all.push_back(*panel.guess);
  if (all.empty()) all = {0, 100};
  const auto [least, most] = std::minmax_element(all.begin(), all.end());
  return linear_axis(*least, *most, 0, 100, from + 8, from + panel_width - 8, tick_size);
}

void draw_box(Svg& svg, const Axis& axis, double left, double y, const std::vector<double>& values,
              const std::string& color) {
  const double half = box_height / 2;
  if (values.empty()) {
    constexpr const char* words = "no finished cell";
    svg.rectangle({left + 6, y - half}, text_width(words, tick_size) + 8, box_height, "#ffffff", 1, {"", 0, ""});
    svg.text({left + 10, y + 4}, words, {tick_size});
    return;
  }
  const Quartiles box = quartiles(values);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double first = axis.at(box.first);
  const double third = axis.at(box.third);
  const Stroke thin{color, 1.3, ""};
  svg.line({axis.at(*least), y}, {first, y}, thin);
  svg.line({third, y}, {axis.at(*most), y}, thin);
  for (const double end : {*least, *most}) svg.line({axis.at(end), y - 4}, {axis.at(end), y + 4}, thin);
  svg.rectangle({first, y - half}, third - first, box_height, color, 0.2, thin);
  svg.line({axis.at(box.median), y - half}, {axis.at(box.median), y + half}, {color, 3, ""});
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double aside = 2.5 * (static_cast<double>(i % 5) - 2);  // so that equal numbers are seen
    svg.circle({axis.at(values[i]), y + aside}, 2.3, color, 0.85);
  }
}

void draw_names(Svg& svg, const Names& names, double right, double top) {
  for (std::size_t i = 0; i < names.lines.size(); ++i) {
    const std::vector<std::string>& lines = names.lines[i];
    const double middle = top + names.row * (static_cast<double>(i) + 0.5);
    const double first = middle + 4 - name_line * static_cast<double>(lines.size() - 1) / 2;
    for (std::size_t k = 0; k < lines.size(); ++k) {
      svg.text({right, first + name_line * static_cast<double>(k)}, lines[k], {name_size, TextAnchor::end});
    }
  }
}

void draw_panel(Svg& svg, const BoxPlot& plot, const BoxPanel& panel, const PanelGrid& grid, SvgPoint corner,
                const std::vector<std::string>& title, double row) {
  ensure(panel.values.size() == plot.methods.size(), "a panel has {} boxes for {} methods", panel.values.size(),
         plot.methods.size());
  const Axis axis = axis_of(panel, corner.x);
  draw_frame(svg, grid, corner, title, axis, plot.x_label);
  if (panel.guess) {
    const double x = axis.at(*panel.guess);
    svg.line({x, corner.y}, {x, corner.y + grid.frame_height}, {"#666666", 1.3, "4 3"});
  }
  for (std::size_t i = 0; i < panel.values.size(); ++i) {
    const double y = corner.y + row * (static_cast<double>(i) + 0.5);
    draw_box(svg, axis, corner.x, y, panel.values[i], method_style(i).color);
  }
}

}  // namespace

Svg box_plot(const BoxPlot& plot) {
  if (plot.panels.empty() || plot.methods.empty()) return empty_picture("no cells yet");
  std::vector<std::string> titles;
  for (const BoxPanel& panel : plot.panels) titles.push_back(panel.title);
  const PanelTitles heads = panel_titles(titles, panel_width);
  const Names names = names_of(plot.methods);
  const PanelGrid grid = layout(plot, names, heads.height);
  const bool guesses =
      std::any_of(plot.panels.begin(), plot.panels.end(), [](const BoxPanel& one) { return one.guess.has_value(); });
  const double note_width = guesses ? 54 + text_width(plot.guess_label, tick_size) : 0;
  Svg svg(std::max(grid.width(), note_width + 20), grid.height() + (guesses ? note_height : 0));
  for (std::size_t i = 0; i < plot.panels.size(); ++i) {
    const SvgPoint corner = grid.corner(i);
    if (i % grid.columns() == 0) draw_names(svg, names, corner.x - 10, corner.y);
    draw_panel(svg, plot, plot.panels[i], grid, corner, heads.lines[i], names.row);
  }
  if (guesses) {
    const double y = grid.height() + 8;
    svg.line({20, y - 4}, {48, y - 4}, {"#666666", 1.3, "4 3"});
    svg.text({54, y}, plot.guess_label, {tick_size});
  }
  return svg;
}

}  // namespace prelude
