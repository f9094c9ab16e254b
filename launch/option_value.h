// Text to value and back, strictly: the whole text must be the value, and numbers must be finite and in range. Signed
// whole numbers of 64 bits go to 10^15; real ones are 0, or from 1e-30 to 1e18 in size, so that float32 holds them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace prelude {

// Each throws UserError saying what the text should have been; the caller says where it stood.
void parse_value(const std::string& text, bool& value);  // true|false|yes|no|on|off|1|0
void parse_value(const std::string& text, int& value);
void parse_value(const std::string& text, std::int64_t& value);
void parse_value(const std::string& text, std::uint64_t& value);
void parse_value(const std::string& text, double& value);
void parse_value(const std::string& text, std::string& value);  // one line
// Appends one element.
template <typename T>
void parse_value(const std::string& text, std::vector<T>& value) {
  parse_value(text, value.emplace_back());
}

// The elements of a list that stands in one text: blanks and commas separate them; between double quotes they do not,
// and "" there is a quote. Throws UserError where a quote is not closed.
std::vector<std::string> list_elements(const std::string& text);
// Text that list_elements reads as these elements.
std::string list_text(const std::vector<std::string>& elements);

// Text that parse_value turns into the same value: doubles in the shortest form that reads back exactly.
std::string value_text(bool value);
std::string value_text(int value);
std::string value_text(std::int64_t value);
std::string value_text(std::uint64_t value);
std::string value_text(double value);
std::string value_text(const std::string& value);

// An unset optional is an option that was not given.
template <typename T>
void parse_value(const std::string& text, std::optional<T>& value) {
  T parsed{};
  parse_value(text, parsed);
  value = parsed;
}

}  // namespace prelude
