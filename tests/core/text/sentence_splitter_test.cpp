#include "core/text/sentence_splitter.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace prelude {
namespace {

using Sentences = std::vector<std::string>;

Sentences split(Splitting splitting, const std::string& text) {
  SentenceSplitter splitter(splitting);
  const auto views = splitter.split(text);
  return {views.begin(), views.end()};
}

Sentences by_icu(const std::string& text) { return split(Splitting::icu, text); }
Sentences by_line(const std::string& text) { return split(Splitting::line, text); }

TEST(SentenceSplitterTest, EndsSentencesAtFullStops) {
  EXPECT_EQ(by_icu("It rained. We stayed in!  Why? Because."),
            (Sentences{"It rained.", "We stayed in!", "Why?", "Because."}));
}

TEST(SentenceSplitterTest, GoesOnAfterEnglishAbbreviationsAndNumbers) {
  EXPECT_EQ(by_icu("Mr. Darcy met Mrs. Bennet at 3.30 p.m. on Monday. They spoke."),
            (Sentences{"Mr. Darcy met Mrs. Bennet at 3.30 p.m. on Monday.", "They spoke."}));
  EXPECT_EQ(by_icu("It cost $2.50 in all. Mr. Smith paid."), (Sentences{"It cost $2.50 in all.", "Mr. Smith paid."}));
}

TEST(SentenceSplitterTest, KeepsQuotationMarksWithTheirSentence) {
  EXPECT_EQ(by_icu("\"Go away.\" He went."), (Sentences{"\"Go away.\"", "He went."}));
}

TEST(SentenceSplitterTest, ANewlineAlwaysEndsASentence) {
  EXPECT_EQ(by_icu("A heading\nand a line\n\nwithout an end"),
            (Sentences{"A heading", "and a line", "without an end"}));
  EXPECT_EQ(by_icu("one\r\n \t \r\ntwo\n"), (Sentences{"one", "two"}));
}

TEST(SentenceSplitterTest, SplitsOtherScripts) {
  EXPECT_EQ(by_icu("\u4eca\u5929\u5f88\u597d\u3002\u4f60\u5462\uff1f"),
            (Sentences{"\u4eca\u5929\u5f88\u597d\u3002", "\u4f60\u5462\uff1f"}));
  EXPECT_EQ(by_icu("Caf\u00e9 cr\u00e8me. \u00c7a va."), (Sentences{"Caf\u00e9 cr\u00e8me.", "\u00c7a va."}));
}

TEST(SentenceSplitterTest, ByLineEveryLineIsOne) {
  EXPECT_EQ(by_line("  One. Two. \n\n\t\nThree\r\n"), (Sentences{"One. Two.", "Three"}));
}

TEST(SentenceSplitterTest, NothingGivesNothing) {
  for (const std::string text : {"", "\n", " \t\r\n  "}) {
    EXPECT_TRUE(by_icu(text).empty());
    EXPECT_TRUE(by_line(text).empty());
  }
}

// One splitter on many texts keeps nothing of the one before, and only white space is lost.
TEST(SentenceSplitterTest, LosesOnlyWhiteSpace) {
  SentenceSplitter splitter(Splitting::icu);
  const auto without_spaces = [](std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
  };
  for (int i = 0; i < 50; ++i) {
    std::string text;
    for (int k = 0; k < i; ++k) text += k % 7 == 3 ? "a b.\n" : k % 3 == 0 ? "Go? No!  " : "The \u00e9nd. ";
    std::string joined;
    for (const std::string_view sentence : splitter.split(text)) joined += sentence;
    EXPECT_EQ(without_spaces(joined), without_spaces(text));
  }
}

TEST(SentenceSplitterTest, NamesAreReadAndWritten) {
  EXPECT_EQ(splitting_named(name_of(Splitting::icu)), Splitting::icu);
  EXPECT_EQ(splitting_named(name_of(Splitting::line)), Splitting::line);
  EXPECT_THROW(splitting_named("words"), UserError);
}

}  // namespace
}  // namespace prelude
