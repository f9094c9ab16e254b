#include "launch/experiment/svg.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"

namespace prelude {
namespace {

// Two digits behind the point are enough for a screen, and give the same file everywhere.
std::string number(double value) {
  ensure(std::isfinite(value), "an SVG picture cannot hold the number {}", value);
  std::string text = fmt::format("{:.2f}", value == 0 ? 0.0 : value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string point_list(const std::vector<SvgPoint>& points) {
  std::string list;
  for (const SvgPoint& point : points) {
    list.append(fmt::format("{}{},{}", list.empty() ? "" : " ", number(point.x), number(point.y)));
  }
  return list;
}

std::string stroke_attributes(const Stroke& stroke) {
  if (stroke.width <= 0) return "stroke=\"none\"";
  const std::string dashes = stroke.dashes.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", stroke.dashes);
  return fmt::format("stroke=\"{}\" stroke-width=\"{}\"{}", stroke.color, number(stroke.width), dashes);
}

TextBox box_of(SvgPoint baseline, std::string_view text, const TextStyle& style) {
  const double width = text_width(text, style.size, style.bold);
  const double before = style.anchor == TextAnchor::start ? 0 : style.anchor == TextAnchor::end ? width : width / 2;
  const double ascent = 0.8 * style.size;
  const double descent = 0.25 * style.size;
  if (style.upward) {
    return {baseline.x - ascent, baseline.y + before - width, baseline.x + descent, baseline.y + before,
            std::string(text)};
  }
  return {baseline.x - before, baseline.y - ascent, baseline.x - before + width, baseline.y + descent,
          std::string(text)};
}

}  // namespace

Svg::Svg(double width, double height) : width_(width), height_(height) {}

void Svg::line(SvgPoint from, SvgPoint to, const Stroke& stroke) {
  body_.append(fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" {}/>\n", number(from.x), number(from.y),
                           number(to.x), number(to.y), stroke_attributes(stroke)));
}

void Svg::polyline(const std::vector<SvgPoint>& points, const Stroke& stroke) {
  body_.append(fmt::format("<polyline points=\"{}\" fill=\"none\" stroke-linejoin=\"round\" {}/>\n", point_list(points),
                           stroke_attributes(stroke)));
}

void Svg::polygon(const std::vector<SvgPoint>& points, const std::string& fill, double opacity) {
  body_.append(fmt::format("<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"{}\"/>\n", point_list(points), fill,
                           number(opacity)));
}

void Svg::rectangle(SvgPoint corner, double width, double height, const std::string& fill, double opacity,
                    const Stroke& stroke) {
  body_.append(fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" fill-opacity=\"{}\" {}/>\n",
                           number(corner.x), number(corner.y), number(width), number(height), fill, number(opacity),
                           stroke_attributes(stroke)));
}

void Svg::circle(SvgPoint center, double radius, const std::string& fill, double opacity) {
  body_.append(fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\" fill-opacity=\"{}\"/>\n", number(center.x),
                           number(center.y), number(radius), fill, number(opacity)));
}

void Svg::text(SvgPoint baseline, std::string_view text, const TextStyle& style) {
  texts_.push_back(box_of(baseline, text, style));
  const char* anchor = style.anchor == TextAnchor::start ? "start" : style.anchor == TextAnchor::end ? "end" : "middle";
  const std::string turn =
      style.upward ? fmt::format(" transform=\"rotate(-90 {} {})\"", number(baseline.x), number(baseline.y)) : "";
  body_.append(fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{}\"{}{}>{}</text>\n",
                           number(baseline.x), number(baseline.y), number(style.size), anchor,
                           style.bold ? " font-weight=\"bold\"" : "", turn, xml_escaped(text)));
}

std::string Svg::document() const {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "font-family=\"sans-serif\" fill=\"#222222\">\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n{2}</svg>\n",
      number(width_), number(height_), body_);
}

}  // namespace prelude
