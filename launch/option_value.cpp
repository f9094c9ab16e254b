#include "launch/option_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"

namespace prelude {
namespace {

template <typename T>
void parse_whole_number(const std::string& text, T& value) {
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  require(error != std::errc::result_out_of_range, "{} is too large", text);
  require(error == std::errc() && end == last, "'{}' is not a {}whole number", text,
          std::is_unsigned_v<T> ? "non-negative " : "");
}

// Whole numbers are added and multiplied in 64 bits; real ones become float32, also products of two of them.
constexpr std::int64_t largest_whole = 1'000'000'000'000'000;
constexpr double largest_real = 1e18;
constexpr double smallest_real = 1e-30;

}  // namespace

void parse_value(const std::string& text, bool& value) {
  if (text == "true" || text == "yes" || text == "on" || text == "1") {
    value = true;
  } else if (text == "false" || text == "no" || text == "off" || text == "0") {
    value = false;
  } else {
    fail("'{}' is neither true nor false", text);
  }
}

void parse_value(const std::string& text, int& value) { parse_whole_number(text, value); }
void parse_value(const std::string& text, std::int64_t& value) {
  parse_whole_number(text, value);
  require(value >= -largest_whole && value <= largest_whole, "{} is out of range; a whole number goes up to {}", text,
          largest_whole);
}
void parse_value(const std::string& text, std::uint64_t& value) { parse_whole_number(text, value); }

void parse_value(const std::string& text, double& value) {
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  const bool parsed = error == std::errc() && end == last;
  require(parsed || error == std::errc::result_out_of_range, "'{}' is not a number", text);
  require(!parsed || std::isfinite(value), "'{}' is not a finite number", text);
  const double size = std::abs(value);
  require(parsed && (size == 0 || (size >= smallest_real && size <= largest_real)),
          "{} is out of range; a number is 0, or from {} to {} in size", text, smallest_real, largest_real);
}

void parse_value(const std::string& text, std::string& value) {
  require(text.find_first_of(std::string("\n\r\0", 3)) == std::string::npos, "a value must be one line of text");
  value = text;
}

namespace {

constexpr const char* separators = " \t,";

// The element that begins with the quote at `at`, which is put after its end.
std::string quoted_element(const std::string& text, std::size_t& at) {
  std::string element;
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"' && (at + 1 == text.size() || text[at + 1] != '"')) {
      ++at;
      return element;
    }
    if (text[at] == '"') ++at;
    element += text[at];
  }
  fail("a quote is not closed in: {}", text);
}

}  // namespace

std::vector<std::string> list_elements(const std::string& text) {
  std::vector<std::string> elements;
  for (std::size_t at = text.find_first_not_of(separators); at < text.size();
       at = text.find_first_not_of(separators, at)) {
    if (text[at] == '"') {
      elements.push_back(quoted_element(text, at));
    } else {
      const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
      elements.push_back(text.substr(at, end - at));
      at = end;
    }
  }
  return elements;
}

std::string list_text(const std::vector<std::string>& elements) {
  std::string text;
  for (const std::string& element : elements) {
    if (!text.empty()) text += ' ';
    const bool plain = !element.empty() && element.find_first_of(" \t,\"") == std::string::npos;
    if (plain) {
      text += element;
      continue;
    }
    text += '"';
    for (const char c : element) text.append(c == '"' ? 2 : 1, c);
    text += '"';
  }
  return text;
}

std::string value_text(bool value) { return value ? "true" : "false"; }
std::string value_text(int value) { return fmt::format("{}", value); }
std::string value_text(std::int64_t value) { return fmt::format("{}", value); }
std::string value_text(std::uint64_t value) { return fmt::format("{}", value); }
std::string value_text(double value) { return fmt::format("{}", value); }
std::string value_text(const std::string& value) { return value; }

}  // namespace prelude
