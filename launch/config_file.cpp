#include "launch/config_file.h"

#include <algorithm>

#include "core/error.h"
#include "core/io/line_reader.h"
#include "core/io/printable.h"
#include "core/io/whole_file.h"

namespace prelude {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Whether the whole text is one quoted value.
bool is_quoted(const std::string& text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != '"') continue;
    if (i + 2 >= text.size() || text[i + 1] != '"') return false;
    ++i;
  }
  return true;
}

}  // namespace

std::string written_value(const std::string& value) {
  if (trimmed(value) == value && !is_quoted(value)) return value;
  std::string text = "\"";
  for (const char c : value) text.append(c == '"' ? 2 : 1, c);
  return text + "\"";
}

std::string read_value(const std::string& text) {
  if (!is_quoted(text)) return text;
  std::string value;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '"') ++i;
    value += text[i];
  }
  return value;
}

std::vector<ConfigEntry> read_config_file(const std::string& path) {
  return read_config_text(path, read_whole_file(path, largest_file));
}

std::vector<ConfigEntry> read_config_text(const std::string& path, const std::string& text) {
  std::vector<ConfigEntry> entries;
  int line = 0;
  for (std::size_t start = text.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0; start < text.size();) {
    const auto end = std::min(text.find('\n', start), text.size());
    const std::string content = trimmed(text.substr(start, end - start));
    start = end + 1;
    ++line;
    const std::string problem = text_problem(content);
    require(problem.empty(), "{} line {}: {}", path, line, problem);
    if (content.empty() || content[0] == '#' || content[0] == ';') continue;
    require(content[0] != '[', "{} line {}: a config file has no [sections]; write plain `key = value` lines", path,
            line);
    const auto equals = content.find('=');
    require(equals != std::string::npos && equals > 0, "{} line {}: '{}' is not a `key = value` line", path, line,
            printable(content, 60));
    entries.push_back({trimmed(content.substr(0, equals)), trimmed(content.substr(equals + 1)), line});
  }
  return entries;
}

}  // namespace prelude
