#include "core/io/shallow_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::message_of;

std::string complaint(std::string_view text) {
  return message_of([&] { parse_shallow_object("a.json", text, 4); });
}

struct Bad {
  std::string_view text;
  std::string_view said;
};

TEST(ShallowJsonTest, SaysInPlainWordsWhatIsWrong) {
  const std::vector<Bad> table{
      {R"({"a": "\ud83d"})",
       "at byte 14: half of a surrogate pair, \\ud800 to \\udfff alone, is no character; write both halves or leave it "
       "out"},
      {R"({"a": "\udc00"})", "half of a surrogate pair"},
      {R"({"a": NaN})", "NaN is no number of JSON; write null or leave the field out"},
      {R"({"a": nan})", "nan is no number of JSON"},
      {R"({"a": Infinity})", "Infinity is no number of JSON"},
      {R"({"a": -Infinity})", "-Infinity is no number of JSON"},
      {R"({"a": None})", "None is Python's; JSON writes null"},
      {R"({"a": True, "b": 1})", "True is Python's; JSON writes true"},
      {R"({"a": truth})", "'truth' is no value of JSON; a text stands in double quotes"},
      {R"({"a": hello})", "'hello' is no value of JSON"},
      {R"({"a": 01})", "'01' is no number of JSON"},
      {R"({"a": 1.})", "is no number of JSON"},
      {R"({"a": 1,})", "at byte 9: a comma stands before the closing bracket; leave it out"},
      {R"({"a": [1, 2,]})", "a comma stands before the closing bracket"},
      {R"({"a": [1,, 2]})", "a comma with no value before it"},
      {R"({'a': 1})", "at byte 2: a single quote; JSON wants double quotes around texts"},
      {R"({"a": 'b'})", "a single quote"},
      {R"({a: 1})", "a key is wanted, a text in double quotes"},
      {R"({"a" 1})", "a colon is wanted behind the key"},
      {R"({"a": 1} {"b": 2})", "at byte 10: there is more behind the end of the value"},
      {R"({"a": 1} // c)", "a comment; JSON has none"},
      {R"({"a": /* c */ 1})", "a comment; JSON has none"},
      {R"({"a": "x\q"})", "'\\q' is no escape of JSON"},
      {R"({"a": "\u12g4"})", "\\u wants four hexadecimal digits"},
      {"{\"a\": \"x\ty\"}", "the control character 0x09 stands in a text; write it as \\u0009"},
      {"{\"a\": \"\xe9t\"}", "is no UTF-8; convert the file to UTF-8"},
      {"{\"a\": \"caf\xc3", "it ends inside a text in quotes"},
      {R"({"a": "long)", "it ends inside a text in quotes"},
      {R"({"a": 1)", "it ends before all brackets are closed"},
      {R"({"a":)", "it ends before all brackets are closed"},
      {"", "the text is empty"},
      {" \n ", "the text is empty"},
      {R"({"a": 1e400})", "a.json: a JSON number is out of range"},
      {R"({"a": {"b": 1, "b": 2}})", R"(a.json: "b" stands twice)"},
      {R"({"a": [[[[1]]]]})", "a.json: JSON nested more than 4 deep"},
      {"\xFF\xFE{\0", "is not expected there"},
  };
  for (const Bad& bad : table) {
    const std::string message = complaint(bad.text);
    EXPECT_NE(message.find(bad.said), std::string::npos) << bad.text << "\n" << message;
    EXPECT_EQ(message.find("exception"), std::string::npos) << message;
    EXPECT_EQ(message.find("last read"), std::string::npos) << message;
  }
}

TEST(ShallowJsonTest, NamesTheLineOfATextOfSeveral) {
  EXPECT_EQ(
      complaint("{\n  \"a\": 1,\n  \"b\": NaN\n}\n"),
      "a.json:3: not valid JSON at byte 8 of the line: NaN is no number of JSON; write null or leave the field out");
  EXPECT_EQ(complaint("{\"a\": 1,}\n").substr(0, 33), "a.json: not valid JSON at byte 9:");
}

TEST(ShallowJsonTest, BoundsWhatIsBuilt) {
  nlohmann::json value;
  std::string many = "[0";
  for (int i = 1; i < 1000; ++i) many += ",[]";
  many += "]";
  EXPECT_FALSE(parse_json(many, {.values = 1001}, value));
  EXPECT_EQ(parse_json(many, {.values = 900}, value)->reason, "JSON of more than 900 values");
  EXPECT_FALSE(parse_json("[[[]]]", {.depth = 3}, value));
  EXPECT_TRUE(parse_json(std::string(100000, '['), {}, value));
}

TEST(ShallowJsonTest, ReadsAFileOfBoundedSize) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "a.json";
  test::write_file(path, "{\"a\": 1}\n");
  EXPECT_EQ(read_json_file(path, 100)["a"], 1);
  EXPECT_EQ(message_of([&] { read_json_file(path, 4); }),
            "'" + path + "' has more than 4 bytes; is it the file that you mean?");
  test::write_file(path, "[1]");
  EXPECT_EQ(message_of([&] { read_json_file(path, 100); }), path + ": expected a JSON object, got array");
}

}  // namespace
}  // namespace prelude
