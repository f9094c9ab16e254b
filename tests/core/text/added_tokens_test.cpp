#include "core/text/added_tokens.h"

#include <gtest/gtest.h>

namespace prelude {
namespace {

// The parts of the text in brackets, tokens as their ids.
std::string split(const AddedTokens& tokens, std::string_view text) {
  std::string result;
  tokens.split(
      text, [&](std::size_t, std::string_view part) { result += "[" + std::string(part) + "]"; },
      [&](const AddedToken& token) { result += std::to_string(token.id); });
  return result;
}

AddedToken token(const std::string& text, std::int32_t id) {
  AddedToken result;
  result.text = text;
  result.id = id;
  return result;
}

TEST(AddedTokensTest, TakesTheFirstAndOfThoseTheLongest) {
  AddedTokens tokens;
  tokens.add(token("<a>", 1));
  tokens.add(token("<a>b", 2));
  tokens.add(token("a><", 3));
  EXPECT_EQ(split(tokens, "x<a>y"), "[x]1[y]");
  EXPECT_EQ(split(tokens, "<a>b<a>"), "21");
  EXPECT_EQ(split(tokens, "<a><a>"), "11");
  EXPECT_EQ(split(tokens, "a><a>"), "3[a>]");
  EXPECT_EQ(split(tokens, ""), "");
  EXPECT_EQ(split(AddedTokens(), "<a>"), "[<a>]");
}

TEST(AddedTokensTest, TakesSpacesBesideThem) {
  AddedTokens tokens;
  AddedToken both = token("+", 1);
  both.takes_space_before = both.takes_space_behind = true;
  tokens.add(both);
  EXPECT_EQ(split(tokens, "a \u3000+\t\n b"), "[a]1[b]");
  EXPECT_EQ(split(tokens, "  + +  "), "11");
}

TEST(AddedTokensTest, AWholeWordStandsAlone) {
  AddedTokens tokens;
  AddedToken word = token("is", 1);
  word.only_whole_words = true;
  tokens.add(word);
  EXPECT_EQ(split(tokens, "is this is, is_ is\u00e9 (is)"), "1[ this ]1[, is_ is\u00e9 (]1[)]");
}

TEST(AddedTokensTest, ALaterOneReplacesThatOfTheSameText) {
  AddedTokens tokens;
  tokens.add(token("a", 1));
  tokens.add(token("a", 5));
  EXPECT_EQ(split(tokens, "a"), "5");
  EXPECT_EQ(tokens.all().size(), 1U);
  EXPECT_EQ(tokens.of_id(5)->text, "a");
  EXPECT_EQ(tokens.of_text("b"), nullptr);
}

}  // namespace
}  // namespace prelude
