#include "core/io/printable.h"

#include <gtest/gtest.h>

#include "core/text/utf8.h"

namespace prelude {
namespace {

TEST(PrintableTest, EscapesWhatATerminalWouldObeyOrCannotShow) {
  EXPECT_EQ(printable("plain, café, 文"), "plain, café, 文");
  EXPECT_EQ(printable(std::string_view("a\0b\x1b[2J\x7f\t", 9)), "a\\x00b\\x1b[2J\\x7f\\x09");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\xc2\\x9b31m");  // C1's CSI
  EXPECT_EQ(printable("\xC2\xA0"), "\xC2\xA0");
  EXPECT_EQ(printable("caf\xE9 \xFF\xFE"), "caf\\xe9 \\xff\\xfe");
  EXPECT_EQ(printable("\xE6\x96"), "\\xe6\\x96");  // cut inside a character
  EXPECT_EQ(printable(""), "");
}

TEST(PrintableTest, LeavesOutTheMiddle) {
  EXPECT_EQ(printable("0123456789", 10), "0123456789");
  const std::string text = printable(std::string(70000, 'x') + "end", 60);
  EXPECT_EQ(text, std::string(37, 'x') + " ... " + std::string(15, 'x') + "end");
  // Characters are counted, not bytes, and neither a character nor an escape is cut.
  for (std::size_t longest = 20; longest < 40; ++longest) {
    std::string wide;
    for (int i = 0; i < 1000; ++i) wide += i % 3 == 0 ? "\x01" : i % 3 == 1 ? "文" : "\xFF";
    const std::string cut = printable(wide, longest);
    EXPECT_EQ(valid_utf8_bytes(cut), cut.size());
    EXPECT_LE(count_characters(cut), longest);
    EXPECT_GE(count_characters(cut), longest - 8);
    EXPECT_EQ(cut.find('\x01'), std::string::npos);
  }
}

TEST(MessageLineTest, IsOneLine) {
  EXPECT_EQ(message_line("one\n  two\r\nthree\n"), "one   two three");
  EXPECT_EQ(message_line("\na\tb\n"), "a\\x09b");
  const std::string line = message_line("file 'a': unknown key '" + std::string(70000, 'k') + "'; did you mean 'b'?");
  EXPECT_EQ(line.size(), longest_message);
  EXPECT_TRUE(line.starts_with("file 'a': unknown key 'kkk")) << line;
  EXPECT_TRUE(line.ends_with("kkk'; did you mean 'b'?")) << line;
}

}  // namespace
}  // namespace prelude
