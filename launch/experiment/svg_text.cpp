#include "launch/experiment/svg.h"

namespace prelude {
namespace {

struct CodePoint {
  char32_t value = 0xFFFD;
  std::size_t bytes = 1;
  bool valid = false;
};

// The code point at the start of `text`, which is not empty; where it is broken, one byte (RFC 3629).
CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char head = byte(0);
  if (head < 0x80) return {head, 1, true};
  const std::size_t bytes = head >= 0xF0 ? 4 : head >= 0xE0 ? 3 : 2;
  if (head < 0xC2 || head > 0xF4 || text.size() < bytes) return {};
  char32_t value = head & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3FU);
  }
  const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {};
  return {value, bytes, true};
}

// In units of the font's size: the greatest advances of each group in DejaVu Sans.
double advance(char32_t c) {
  if (c >= 0x80) return c < 0x2000 ? 0.8 : 1.05;
  const char letter = static_cast<char>(c);
  if (std::string_view("iljI|'").find(letter) != std::string_view::npos) return 0.34;
  if (std::string_view(" .,:;!ft()[]/-\\r").find(letter) != std::string_view::npos) return 0.42;
  if (std::string_view("mw%@MW").find(letter) != std::string_view::npos) return 1.0;
  if (letter >= 'A' && letter <= 'Z') return 0.79;
  if (std::string_view("+<>=~^#&").find(letter) != std::string_view::npos) return 0.84;
  return 0.64;
}

bool breaks_behind(char c) { return c == ' ' || c == '-' || c == '_' || c == '/'; }

std::string without_end_spaces(std::string_view line) {
  const std::size_t last = line.find_last_not_of(' ');
  return std::string(last == std::string_view::npos ? line : line.substr(0, last + 1));
}

}  // namespace

double text_width(std::string_view text, double size, bool bold) {
  double width = 0;
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    width += advance(next.value);
    text.remove_prefix(next.bytes);
  }
  return width * size * (bold ? 1.18 : 1.0);
}

std::vector<std::string> wrapped(std::string_view text, double width, double size, bool bold) {
  std::vector<std::string> lines;
  while (text_width(text, size, bold) > width) {
    std::size_t fits = first_code_point(text).bytes;
    std::size_t cut = 0;
    while (text_width(text.substr(0, fits), size, bold) <= width) {
      if (breaks_behind(text[fits - 1])) cut = fits;
      fits += first_code_point(text.substr(fits)).bytes;
    }
    // `fits` is the first prefix that does not fit: one code point back, but never to nothing.
    if (cut == 0) {
      std::size_t end = 0;
      while (end + first_code_point(text.substr(end)).bytes < fits) end += first_code_point(text.substr(end)).bytes;
      cut = end == 0 ? fits : end;
    }
    lines.push_back(without_end_spaces(text.substr(0, cut)));
    text.remove_prefix(cut);
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

std::string xml_escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const CodePoint next = first_code_point(text);
    const std::string_view bytes = text.substr(0, next.bytes);
    const bool held =
        next.valid && next.value != 0x7F && next.value >= 0x20 && next.value != 0xFFFE && next.value != 0xFFFF;
    if (!held) {
      result.push_back('?');
    } else if (bytes == "&") {
      result.append("&amp;");
    } else if (bytes == "<") {
      result.append("&lt;");
    } else if (bytes == ">") {
      result.append("&gt;");
    } else if (bytes == "\"") {
      result.append("&quot;");
    } else if (bytes == "'") {
      result.append("&#39;");
    } else {
      result.append(bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return result;
}

}  // namespace prelude
