// A config file: `key = value` lines. A line that starts with # or ; is a comment; there are no sections, and a #
// inside a value stands for itself (paths may hold one).
#pragma once

#include <string>
#include <vector>

namespace prelude {

struct ConfigEntry {
  std::string key;
  std::string value;  // as written, without blanks at its ends
  int line;           // 1-based
};

// In file order. Throws UserError naming file and line.
std::vector<ConfigEntry> read_config_file(const std::string& path);
// The same of a file's text; `path` is for messages.
std::vector<ConfigEntry> read_config_text(const std::string& path, const std::string& text);

// A value as it stands in a config file, and back. Blanks at its ends are lost there, so a value that has some stands
// in double quotes, with "" for a quote; quotes that do not hold the whole value stand for themselves.
std::string written_value(const std::string& value);
std::string read_value(const std::string& text);

}  // namespace prelude
