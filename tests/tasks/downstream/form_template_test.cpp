#include "tasks/downstream/form_template.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/message_of.h"

namespace prelude::test {
namespace {

using Kind = TemplatePart::Kind;
using Parts = std::vector<std::pair<Kind, std::string>>;

Parts parts(const std::string& text) {
  Parts result;
  for (const TemplatePart& part : parse_template(text, "row 'r', pt")) result.emplace_back(part.kind, part.text);
  return result;
}

TEST(FormTemplate, HasTheseParts) {
  EXPECT_EQ(parts("{s} | It was<X>[.]"), (Parts{{Kind::field, "s"},
                                                {Kind::separator, ""},
                                                {Kind::text, "It was"},
                                                {Kind::sentinel, ""},
                                                {Kind::piece, "."}}));
  EXPECT_EQ(
      parts(" {s} and {t} : <X>"),
      (Parts{{Kind::field, "s"}, {Kind::text, " and "}, {Kind::field, "t"}, {Kind::text, " :"}, {Kind::sentinel, ""}}));
  EXPECT_EQ(parts("{options}<extra_id_0>"), (Parts{{Kind::options, ""}, {Kind::sentinel, ""}}));
  EXPECT_EQ(parts("“{a_1}”？[；]"),
            (Parts{{Kind::text, "“"}, {Kind::field, "a_1"}, {Kind::text, "”？"}, {Kind::piece, "；"}}));
  EXPECT_EQ(parts("a < b > c"), (Parts{{Kind::text, "a < b > c"}}));
  EXPECT_TRUE(parts("").empty());
}

TEST(FormTemplate, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{s", "has a '{' without '}'"},
      {"a [.", "has a '[' without ']'"},
      {"s} x", "has a '}' that nothing opens"},
      {"s ] x", "has a ']' that nothing opens"},
      {"{}", "has '{}', which holds no single name or piece"},
      {"[. ?]", "has '[. ?]', which holds no single"},
      {"[<pad>]", "has '[<pad>]', which holds no single"},
      {"{a{b}}", "has '{a{b}', which holds no single"},
      {"x <extra_id_1>", "writes out the control piece <extra_id_1>"},
      {"x</s>", "writes out the control piece </s>"},
      {"<pad>x", "writes out the control piece <pad>"},
      {"<unk>x", "writes out the control piece <unk>"}};
  for (const auto& [text, expected] : cases) {
    const std::string message = message_of([&text = text] { parts(text); });
    EXPECT_NE(message.find(expected), std::string::npos) << text << ": " << message;
    EXPECT_TRUE(message.starts_with("row 'r', pt: ")) << message;
  }
}

}  // namespace
}  // namespace prelude::test
