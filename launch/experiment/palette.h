// Colours that people who see few colours tell apart, on white.
#pragma once

#include <string>
#include <vector>

#include "launch/experiment/svg.h"

namespace prelude {

// How the method number `index` of an experiment is drawn, everywhere alike. The colours are those of Okabe and Ito,
// "Color Universal Design" (2008), but for yellow, which is too pale on white; then they return with dashes.
struct MethodStyle {
  std::string color;
  std::string dashes;
};
MethodStyle method_style(std::size_t index);

// Lines of legend, each at most `width` wide, that names all methods; returns its height. Entries that are too long
// are wrapped. Drawn from `corner` down; with a null `svg` only measured.
double draw_legend(Svg* svg, SvgPoint corner, double width, const std::vector<std::string>& methods);

}  // namespace prelude
