// A small writer of SVG 1.1 pictures. Lengths are pixels, x to the right and y down from the upper left corner.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace prelude {

struct SvgPoint {
  double x = 0;
  double y = 0;
};

enum class TextAnchor { start, middle, end };

struct TextStyle {
  double size = 12;
  TextAnchor anchor = TextAnchor::start;
  bool bold = false;
  bool upward = false;  // turned by a quarter to the left about its point
};

struct Stroke {
  std::string color = "#333333";
  double width = 1;
  std::string dashes;  // as of stroke-dasharray; empty: none
};

// Where a text stands, by text_width.
struct TextBox {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
  std::string text;
};

// At least the width of UTF-8 `text` in a common sans-serif font (its measure is DejaVu Sans, which is a wide one).
double text_width(std::string_view text, double size, bool bold = false);

// `text` in lines of at most `width`: broken behind spaces, '-', '_' and '/' where that is enough, else anywhere
// between two code points. At least one line, of at least one code point.
std::vector<std::string> wrapped(std::string_view text, double width, double size, bool bold = false);

// `text` with XML's special characters escaped; what XML 1.0 cannot hold (control characters, broken UTF-8) as '?'.
std::string xml_escaped(std::string_view text);

// Colours are ours and go in as they are; texts are escaped. Every number must be finite (InternalError).
class Svg {
 public:
  Svg(double width, double height);

  void line(SvgPoint from, SvgPoint to, const Stroke& stroke);
  void polyline(const std::vector<SvgPoint>& points, const Stroke& stroke);
  void polygon(const std::vector<SvgPoint>& points, const std::string& fill, double opacity);
  void rectangle(SvgPoint corner, double width, double height, const std::string& fill, double opacity,
                 const Stroke& stroke);
  void circle(SvgPoint center, double radius, const std::string& fill, double opacity);
  void text(SvgPoint baseline, std::string_view text, const TextStyle& style = {});

  double width() const { return width_; }
  double height() const { return height_; }
  const std::vector<TextBox>& texts() const { return texts_; }
  std::string document() const;

 private:
  double width_;
  double height_;
  std::string body_;
  std::vector<TextBox> texts_;
};

}  // namespace prelude
