#include "launch/experiment/svg.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "tests/launch/experiment/overlaps.h"

namespace prelude::test {
namespace {

TEST(Svg, EscapesTexts) {
  EXPECT_EQ(xml_escaped("a<b & \"c\" 'd'>"), "a&lt;b &amp; &quot;c&quot; &#39;d&#39;&gt;");
  EXPECT_EQ(xml_escaped("\xE4\xB8\xAD \xC2\xB1"), "\xE4\xB8\xAD \xC2\xB1");
}

// XML 1.0, 2.2: no control characters, no surrogates, neither U+FFFE nor U+FFFF; RFC 3629 for the rest.
TEST(Svg, ReplacesWhatXmlCannotHold) {
  EXPECT_EQ(xml_escaped(std::string("a\0b\n\x1F\x7F", 6)), "a?b???");
  EXPECT_EQ(xml_escaped("\xFF"), "?");
  EXPECT_EQ(xml_escaped("\xC0\xAF"), "??");            // '/' in two bytes
  EXPECT_EQ(xml_escaped("\xE0\x80\xAF"), "???");       // in three
  EXPECT_EQ(xml_escaped("\xED\xA0\x80"), "???");       // a surrogate
  EXPECT_EQ(xml_escaped("\xEF\xBF\xBF"), "?");         // U+FFFF
  EXPECT_EQ(xml_escaped("\xF4\x90\x80\x80"), "????");  // above U+10FFFF
  EXPECT_EQ(xml_escaped("x\xE4\xB8"), "x??");          // cut off
  EXPECT_EQ(xml_escaped("\xF0\x9F\x98\x80"), "\xF0\x9F\x98\x80");
}

// Widths at 12 pixels of DejaVu Sans and DejaVu Sans Bold, by fontTools.
TEST(Svg, TakesTextsForAtLeastAsWideAsTheyAre) {
  const struct {
    const char* text;
    double regular, bold;
  } cases[] = {{"unified-ppt", 65.37, 75.16},
               {"vocabulary accuracy, %", 143.33, 159.12},
               {"WWW", 35.60, 39.71},
               {"100", 22.90, 25.05}};
  for (const auto& one : cases) {
    EXPECT_GE(text_width(one.text, 12), one.regular) << one.text;
    EXPECT_LE(text_width(one.text, 12), 1.25 * one.regular) << one.text;
    EXPECT_GE(text_width(one.text, 12, true), one.bold) << one.text;
  }
}

TEST(Svg, WrapsBehindSpacesAndHyphens) {
  const double width = text_width("hybrid-ppt ", 12) + 1;
  EXPECT_EQ(wrapped("hybrid-ppt with a rod", width, 12), (std::vector<std::string>{"hybrid-ppt", "with a rod"}));
  EXPECT_EQ(wrapped("short", 100, 12), (std::vector<std::string>{"short"}));
  EXPECT_EQ(wrapped("", 100, 12), (std::vector<std::string>{""}));
}

TEST(Svg, WrapsWordsThatAreTooLongBetweenCodePoints) {
  std::string joined;
  for (const std::string& line : wrapped("aaaaaaaaaaaaaaaaaaaa\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 50, 12)) {
    EXPECT_LE(text_width(line, 12), 50) << line;
    EXPECT_EQ(xml_escaped(line), line);  // no code point is cut
    joined.append(line);
  }
  EXPECT_EQ(joined, "aaaaaaaaaaaaaaaaaaaa\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4");
  EXPECT_EQ(wrapped("abc", 0, 12), (std::vector<std::string>{"a", "b", "c"}));  // goes on where nothing fits
}

TEST(Svg, PlacesTexts) {
  Svg svg(200, 100);
  svg.text({100, 50}, "abcd", {10, TextAnchor::middle});
  svg.text({50, 90}, "abcd", {10, TextAnchor::start, false, true});
  const double width = text_width("abcd", 10);
  const TextBox& flat = svg.texts().at(0);
  EXPECT_NEAR(flat.left, 100 - width / 2, 1e-9);
  EXPECT_NEAR(flat.right, 100 + width / 2, 1e-9);
  EXPECT_LT(flat.top, 50);
  EXPECT_GT(flat.bottom, 50);
  const TextBox& upward = svg.texts().at(1);  // runs up from its point
  EXPECT_NEAR(upward.bottom, 90, 1e-9);
  EXPECT_NEAR(upward.top, 90 - width, 1e-9);
  EXPECT_NE(svg.document().find("rotate(-90 50 90)"), std::string::npos);
}

TEST(Svg, IsADocumentOfFiniteNumbers) {
  Svg svg(10, 20);
  svg.line({0, -0.001}, {1.0 / 3, 2.5}, {"#000000", 1, "2 2"});
  EXPECT_EQ(svg.document(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"10\" height=\"20\" viewBox=\"0 0 10 20\" "
            "font-family=\"sans-serif\" fill=\"#222222\">\n"
            "<rect width=\"10\" height=\"20\" fill=\"#ffffff\"/>\n"
            "<line x1=\"0\" y1=\"0\" x2=\"0.33\" y2=\"2.5\" stroke=\"#000000\" stroke-width=\"1\" "
            "stroke-dasharray=\"2 2\"/>\n"
            "</svg>\n");
  EXPECT_THROW(svg.circle({std::nan(""), 0}, 1, "#000000", 1), InternalError);
}

}  // namespace
}  // namespace prelude::test
