#include "launch/option_value.h"

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
void parse_value(const std::string& text, std::int64_t& value) { parse_whole_number(text, value); }
void parse_value(const std::string& text, std::uint64_t& value) { parse_whole_number(text, value); }

void parse_value(const std::string& text, double& value) {
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  require(error != std::errc::result_out_of_range, "{} is out of a double's range", text);
  require(error == std::errc() && end == last, "'{}' is not a number", text);
  require(std::isfinite(value), "'{}' is not a finite number", text);
}

void parse_value(const std::string& text, std::string& value) {
  require(text.find_first_of(std::string("\n\r\0", 3)) == std::string::npos, "a value must be one line of text");
  value = text;
}

void parse_value(const std::string& text, std::vector<std::string>& value) { parse_value(text, value.emplace_back()); }

std::string value_text(bool value) { return value ? "true" : "false"; }
std::string value_text(int value) { return fmt::format("{}", value); }
std::string value_text(std::int64_t value) { return fmt::format("{}", value); }
std::string value_text(std::uint64_t value) { return fmt::format("{}", value); }
std::string value_text(double value) { return fmt::format("{}", value); }
std::string value_text(const std::string& value) { return value; }

}  // namespace prelude
