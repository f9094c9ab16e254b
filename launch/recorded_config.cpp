#include "launch/recorded_config.h"

#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/io/printable.h"
#include "core/io/whole_file.h"
#include "core/text/utf8.h"

namespace prelude {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20;
constexpr std::string_view command_mark = "# prelude ";
constexpr std::string_view notice =
    "# The last line is a checksum of the others. --config takes an edited copy, for a run of its own.\n";
constexpr std::string_view checksum_mark = "# xxh3 ";

std::string checksum_line(std::string_view text) {
  return fmt::format("{}{}\n", checksum_mark, xxh3_128(text.data(), text.size()));
}

// Where the second line and the last one begin.
std::size_t second_line(std::string_view text) { return std::min(text.find('\n'), text.size() - 1) + 1; }
std::size_t last_line(std::string_view text) {
  const std::size_t end = text.find_last_not_of('\n');
  return end == std::string_view::npos ? 0 : text.rfind('\n', end) + 1;  // npos + 1 = 0
}

void check_command(std::string_view text, const std::string& path, const std::string& folder,
                   const std::string& command) {
  const std::string_view line = text.substr(0, text.find('\n'));
  require(line.starts_with(command_mark), "'{}' is not as the program wrote it: its first line is '{}'; put it back",
          path, printable(line, 60));
  require(line.substr(command_mark.size()) == command,
          "--output: '{}' holds a run of `prelude {}`; choose another folder", folder,
          printable(line.substr(command_mark.size()), 60));
}

// Of a file with either of the two marks, so that damage to one of them does not pass for an older file.
void check_sum(std::string_view text, const std::string& path) {
  const std::size_t last = last_line(text);
  const bool noticed = text.substr(second_line(text)).starts_with(notice);
  const bool is_older = !noticed && !text.substr(last).starts_with(checksum_mark);
  // An older file without a single value is a newer one that was cut.
  if (is_older && text.find("\n#", 1) == std::string_view::npos && text.find(" = ") != std::string_view::npos) return;
  require(text.substr(last) == checksum_line(text.substr(0, last)),
          "'{}' was changed since the run wrote it; put it back, or start a run of its own from an edited copy with "
          "--config and another --output",
          path);
}

}  // namespace

std::string recorded_config(const std::string& config) {
  const std::size_t valid = valid_utf8_bytes(config);
  if (valid != config.size()) {
    const std::size_t begin = config.rfind('\n', valid) + 1;
    const std::string line = config.substr(begin, config.find('\n', begin) - begin);
    fail("'{}' is no UTF-8 and cannot be kept in config.ini; rename the file or folder", printable(line));
  }
  std::string text = config;
  text.insert(second_line(text), notice);
  return text + checksum_line(text);
}

void read_recorded_config(const std::string& path, const std::string& folder, OptionTable& table) {
  const std::string text = read_whole_file(path, largest_file);
  require(!text.empty(), "'{}' is empty; put it back, or choose another --output", path);
  check_command(text, path, folder, table.command());
  check_sum(text, path);
  table.parse_config_text(path, text);
}

}  // namespace prelude
