#include "core/io/json_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/io/printable.h"

namespace prelude {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool says(std::string_view report, std::string_view words) { return report.find(words) != std::string_view::npos; }

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+' || c == '_' || c == '.';
}

// The letters and digits around place `at`.
std::string_view word_at(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  std::size_t end = at;
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  while (end < text.size() && is_word(text[end])) ++end;
  return text.substr(begin, end - begin);
}

// The last character before `at` that is no blank; 0 where there is none.
char before(std::string_view text, std::size_t at) {
  const std::size_t found = at == 0 ? std::string_view::npos : text.find_last_not_of(kBlanks, at - 1);
  return found == std::string_view::npos ? '\0' : text[found];
}

std::string of_word(std::string_view word) {
  for (const std::string_view number : {"NaN", "nan", "Infinity", "inf", "-Infinity", "-inf", "-NaN", "-nan"}) {
    if (word == number) return fmt::format("{} is no number of JSON; write null or leave the field out", word);
  }
  for (const auto& [python, json] : {std::pair{"True", "true"}, {"False", "false"}, {"None", "null"}}) {
    if (word == python) return fmt::format("{} is Python's; JSON writes {}", python, json);
  }
  return fmt::format("'{}' is no value of JSON; a text stands in double quotes", printable(word, 40));
}

std::string in_a_string(std::string_view text, std::size_t at, std::string_view report) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (says(report, "surrogate")) {
    return "half of a surrogate pair, \\ud800 to \\udfff alone, is no character; write both halves or leave it out";
  }
  if (says(report, "control character")) {
    return fmt::format("the control character 0x{0:02x} stands in a text; write it as \\u{0:04x}", byte);
  }
  if (says(report, "backslash")) return fmt::format("'\\{}' is no escape of JSON", printable(text.substr(at, 1)));
  if (says(report, "hex digits")) return "\\u wants four hexadecimal digits";
  return fmt::format("the byte 0x{:02x} is no UTF-8; convert the file to UTF-8", byte);
}

std::string out_of_place(std::string_view text, std::size_t at, std::string_view report) {
  const char c = text[at];
  const char last = before(text, at);
  if (says(report, "expected end of input")) return "there is more behind the end of the value";
  if (c == '\'') return "a single quote; JSON wants double quotes around texts";
  if (c == '/' || c == '#') return "a comment; JSON has none";
  if (last == ',' && (c == '}' || c == ']')) return "a comma stands before the closing bracket; leave it out";
  if (c == ',') return "a comma with no value before it";
  if (says(report, "object separator")) return "a colon is wanted behind the key";
  if (is_word(c) && !says(report, "object key")) {
    const std::string_view word = word_at(text, at);
    const bool number = word.find_first_not_of("+-.0123456789eE") == std::string_view::npos;
    return number ? fmt::format("'{}' is no number of JSON", printable(word, 40)) : of_word(word);
  }
  if (says(report, "object key")) return "a key is wanted, a text in double quotes";
  return fmt::format("'{}' is not expected there", printable(text.substr(at, 1)));
}

// A literal or number is left after its first wrong letter: what is meant is the word before it.
bool ends_word(std::string_view text, std::size_t at, std::string_view report) {
  const bool inside = says(report, "invalid literal") || says(report, "invalid number");
  return inside && at > 0 && !is_word(text[at]) && is_word(text[at - 1]);
}

}  // namespace

JsonProblem json_problem(std::string_view text, std::size_t byte, std::string_view report) {
  if (text.find_first_not_of(kBlanks) == std::string_view::npos) return {1, "the text is empty"};
  const bool in_string = says(report, "invalid string");
  if (byte > text.size() || says(report, "unexpected end of input") || says(report, "missing closing quote")) {
    return {text.size(), in_string ? "it ends inside a text in quotes" : "it ends before all brackets are closed"};
  }
  const std::size_t at = std::max<std::size_t>(byte, 1) - 1;
  const std::string reason = in_string || says(report, "UTF-8")
                                 ? in_a_string(text, at, report)
                                 : out_of_place(text, ends_word(text, at, report) ? at - 1 : at, report);
  return {at + 1, reason};
}

}  // namespace prelude
