#include "core/text/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace prelude {
namespace {

std::string encoded(unsigned code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | (code >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (code >> 18)), tail(12), tail(6), tail(0)};
}

TEST(Utf8Test, EveryCodePointIsValidButSurrogatesAndWhatLiesAbove) {
  for (unsigned code = 0; code < 0x110100; ++code) {
    const bool valid = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    const std::string text = encoded(code);
    ASSERT_EQ(valid_utf8_bytes(text) == text.size(), valid) << code;
    ASSERT_EQ(valid ? count_characters(text) : 1U, 1U) << code;
  }
}

// With three bytes all first, second and third ones: right by the definition of the shortest form.
TEST(Utf8Test, NothingElseIsValid) {
  int valid = 0;
  for (unsigned i = 0; i < 0x10000; ++i) {
    const std::string text{static_cast<char>(i >> 8), static_cast<char>(i & 0xFF)};
    valid += valid_utf8_bytes(text) == 2 ? 1 : 0;
  }
  EXPECT_EQ(valid, 128 * 128 + (0x800 - 0x80));  // two of one byte, or one of two
}

TEST(Utf8Test, NamesTheFirstBadByte) {
  EXPECT_EQ(valid_utf8_bytes(""), 0U);
  EXPECT_EQ(valid_utf8_bytes("a long run of plain text, then \xFF"), 31U);
  EXPECT_EQ(valid_utf8_bytes("caf\xC3"), 3U);           // cut short
  EXPECT_EQ(valid_utf8_bytes("caf\xC3\xA9 \x80"), 6U);  // a continuation alone
  EXPECT_EQ(valid_utf8_bytes("\xC0\x80"), 0U);          // overlong
  EXPECT_EQ(valid_utf8_bytes("\xED\xA0\x80"), 0U);      // a surrogate
  EXPECT_EQ(valid_utf8_bytes("\xF4\x90\x80\x80"), 0U);  // above U+10FFFF
}

}  // namespace
}  // namespace prelude
