#include "launch/experiment/palette.h"

#include <algorithm>
#include <array>

namespace prelude {
namespace {

constexpr double size = 12;
constexpr double line_height = 16;
constexpr double sample = 24;  // the piece of line in front of a name
constexpr double gap = 6;      // between it and the name
constexpr double between = 20;

}  // namespace

MethodStyle method_style(std::size_t index) {
  static constexpr std::array<const char*, 7> colors = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                        "#e69f00", "#56b4e9", "#000000"};
  static constexpr std::array<const char*, 4> dashes = {"", "6 3", "2 2", "8 3 2 3"};
  return {colors[index % colors.size()], dashes[index / colors.size() % dashes.size()]};
}

double draw_legend(Svg* svg, SvgPoint corner, double width, const std::vector<std::string>& methods) {
  double x = 0;
  double y = 0;
  double row = 0;  // its height
  for (std::size_t i = 0; i < methods.size(); ++i) {
    const std::vector<std::string> lines = wrapped(methods[i], width - sample - gap, size);
    double longest = 0;
    for (const std::string& line : lines) longest = std::max(longest, text_width(line, size));
    if (x > 0 && x + sample + gap + longest > width) {
      x = 0;
      y += row;
      row = 0;
    }
    row = std::max(row, line_height * static_cast<double>(lines.size()));
    if (svg != nullptr) {
      const SvgPoint start{corner.x + x, corner.y + y + line_height / 2};
      const MethodStyle style = method_style(i);
      svg->line(start, {start.x + sample, start.y}, {style.color, 2.5, style.dashes});
      for (std::size_t k = 0; k < lines.size(); ++k) {
        svg->text({start.x + sample + gap, start.y + 4 + line_height * static_cast<double>(k)}, lines[k], {size});
      }
    }
    x += sample + gap + longest + between;
  }
  return y + row;
}

}  // namespace prelude
