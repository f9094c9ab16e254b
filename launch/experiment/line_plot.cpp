#include "launch/experiment/line_plot.h"

#include <algorithm>

#include "core/error.h"
#include "launch/experiment/palette.h"
#include "launch/experiment/panel.h"

namespace prelude {
namespace {

constexpr double panel_width = 250;
constexpr double panel_height = 180;
constexpr double y_axis_width = 58;  // tick labels and the axis' name in front of a frame
constexpr double margin = 14;

double lower(const LineSeries& series, std::size_t i) {
  return std::max(0.0, series.y[i] - (series.deviation.empty() ? 0 : series.deviation[i]));
}

double upper(const LineSeries& series, std::size_t i) {
  return std::min(100.0, series.y[i] + (series.deviation.empty() ? 0 : series.deviation[i]));
}

struct Axes {
  Axis x;
  Axis y;
};

// Of a panel with a point at least.
Axes axes_of(const LinePlot& plot, const LinePanel& panel, SvgPoint corner) {
  std::vector<double> xs;
  std::vector<double> ys;
  for (const LineSeries& series : panel.series) {
    xs.insert(xs.end(), series.x.begin(), series.x.end());
    for (std::size_t i = 0; i < series.y.size(); ++i) ys.insert(ys.end(), {lower(series, i), upper(series, i)});
  }
  const auto [first, last] = std::minmax_element(xs.begin(), xs.end());
  const auto [least, most] = std::minmax_element(ys.begin(), ys.end());
  const double right = corner.x + panel_width;
  constexpr double endless = 1e300;
  return {plot.log2_x ? log2_axis(*first, *last, corner.x + 8, right - 8, tick_size)
                      : linear_axis(*first, *last, 0, endless, corner.x, right, tick_size),
          linear_axis(*least, *most, 0, 100, corner.y + panel_height - 4, corner.y + 4, tick_size)};
}

void draw_y_axis(Svg& svg, const Axis& y, SvgPoint corner, const std::string& name) {
  for (const Tick& tick : y.ticks) {
    const double place = y.at(tick.value);
    svg.line({corner.x, place}, {corner.x + panel_width, place}, {"#e5e5e5", 1, ""});
    svg.line({corner.x - 4, place}, {corner.x, place}, {"#666666", 1, ""});
    svg.text({corner.x - 7, place + 4}, tick.label, {tick_size, TextAnchor::end});
  }
  svg.text({corner.x - y_axis_width + 16, corner.y + panel_height / 2}, name,
           {tick_size, TextAnchor::middle, false, true});
}

void draw_band(Svg& svg, const Axes& axes, const LineSeries& series) {
  if (series.deviation.empty()) return;
  std::vector<SvgPoint> band;
  for (std::size_t i = 0; i < series.x.size(); ++i)
    band.push_back({axes.x.at(series.x[i]), axes.y.at(upper(series, i))});
  for (std::size_t i = series.x.size(); i-- > 0;) band.push_back({axes.x.at(series.x[i]), axes.y.at(lower(series, i))});
  svg.polygon(band, method_style(series.method).color, 0.13);
}

void draw_line(Svg& svg, const Axes& axes, const LineSeries& series, bool points) {
  const MethodStyle style = method_style(series.method);
  std::vector<SvgPoint> line;
  for (std::size_t i = 0; i < series.x.size(); ++i) line.push_back({axes.x.at(series.x[i]), axes.y.at(series.y[i])});
  svg.polyline(line, {style.color, 2, style.dashes});
  if (!points && line.size() > 1) return;
  for (const SvgPoint& point : line) svg.circle(point, 3, style.color, 1);
}

bool has_points(const LinePanel& panel) {
  return std::any_of(panel.series.begin(), panel.series.end(), [](const LineSeries& one) { return !one.x.empty(); });
}

void draw_panel(Svg& svg, const LinePlot& plot, const LinePanel& panel, const PanelGrid& grid, SvgPoint corner,
                const std::vector<std::string>& title) {
  for (const LineSeries& series : panel.series) {
    const bool whole =
        series.x.size() == series.y.size() && (series.deviation.empty() || series.deviation.size() == series.x.size());
    ensure(whole && series.method < plot.methods.size(), "a line of '{}' has {} x, {} y and {} deviations", panel.title,
           series.x.size(), series.y.size(), series.deviation.size());
  }
  if (!has_points(panel)) {
    draw_frame(svg, grid, corner, title, Axis{}, plot.x_label);
    svg.text({corner.x + panel_width / 2, corner.y + panel_height / 2}, "no finished cell",
             {tick_size, TextAnchor::middle});
    return;
  }
  const Axes axes = axes_of(plot, panel, corner);
  draw_y_axis(svg, axes.y, corner, plot.y_label);
  draw_frame(svg, grid, corner, title, axes.x, plot.x_label);
  for (const LineSeries& series : panel.series) draw_band(svg, axes, series);
  for (const LineSeries& series : panel.series) draw_line(svg, axes, series, plot.points);
}

}  // namespace

Svg line_plot(const LinePlot& plot) {
  if (plot.panels.empty() || plot.methods.empty()) return empty_picture("no cells yet");
  std::vector<std::string> titles;
  for (const LinePanel& panel : plot.panels) titles.push_back(panel.title);
  const PanelTitles heads = panel_titles(titles, panel_width);
  PanelGrid grid;
  grid.number = plot.panels.size();
  grid.frame_width = panel_width;
  grid.frame_height = panel_height;
  grid.left = y_axis_width + 6;
  grid.title = heads.height;
  grid.column = panel_width + y_axis_width + 26;
  grid.row = heads.height + panel_height + x_axis_height + 10;
  const double legend_width = grid.width() - 2 * margin;
  grid.top = margin + draw_legend(nullptr, {}, legend_width, plot.methods) + 10;
  Svg svg(grid.width(), grid.height());
  draw_legend(&svg, {margin, margin}, legend_width, plot.methods);
  for (std::size_t i = 0; i < plot.panels.size(); ++i) {
    draw_panel(svg, plot, plot.panels[i], grid, grid.corner(i), heads.lines[i]);
  }
  return svg;
}

}  // namespace prelude
