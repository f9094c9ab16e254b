#include "launch/experiment/panel.h"

#include <algorithm>

namespace prelude {
namespace {

constexpr double title_line = 17;
constexpr double right_margin = 30;  // half a tick label reaches over the last frame

}  // namespace

PanelTitles panel_titles(const std::vector<std::string>& titles, double width) {
  PanelTitles result;
  std::size_t most = 0;
  for (const std::string& title : titles) {
    result.lines.push_back(wrapped(title, width, title_size, true));
    most = std::max(most, result.lines.back().size());
  }
  result.height = title_line * static_cast<double>(most) + 6;
  return result;
}

SvgPoint PanelGrid::corner(std::size_t index) const {
  const std::size_t line = index / columns();
  return {left + column * static_cast<double>(index % columns()), top + title + row * static_cast<double>(line)};
}

double PanelGrid::width() const {
  return left + column * static_cast<double>(columns() - 1) + frame_width + right_margin;
}

double PanelGrid::height() const { return top + row * static_cast<double>(rows()); }

void draw_frame(Svg& svg, const PanelGrid& grid, SvgPoint corner, const std::vector<std::string>& title, const Axis& x,
                const std::string& x_label) {
  const double middle = corner.x + grid.frame_width / 2;
  const double bottom = corner.y + grid.frame_height;
  for (std::size_t i = 0; i < title.size(); ++i) {
    const double lines_below = static_cast<double>(title.size() - 1 - i);
    svg.text({middle, corner.y - 8 - title_line * lines_below}, title[i], {title_size, TextAnchor::middle, true});
  }
  for (const Tick& tick : x.ticks) {
    const double place = x.at(tick.value);
    svg.line({place, corner.y}, {place, bottom}, {"#e5e5e5", 1, ""});
    svg.line({place, bottom}, {place, bottom + 4}, {"#666666", 1, ""});
    svg.text({place, bottom + 17}, tick.label, {tick_size, TextAnchor::middle});
  }
  svg.text({middle, bottom + 34}, x_label, {tick_size, TextAnchor::middle});
  svg.rectangle(corner, grid.frame_width, grid.frame_height, "none", 1, {"#999999", 1, ""});
}

Svg empty_picture(const std::string& message) {
  Svg svg(text_width(message, title_size) + 40, 60);
  svg.text({20, 36}, message, {title_size});
  return svg;
}

}  // namespace prelude
