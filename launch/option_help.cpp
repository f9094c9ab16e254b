// How an option table reads: `--help` on a terminal, and docs/commands.md.
#include <fmt/format.h>

#include <algorithm>

#include "launch/options.h"

namespace prelude {
namespace {

constexpr std::size_t page_width = 100;
constexpr std::size_t widest_label = 34;

// Words of `text` in lines of at most `width` columns; a longer word stands alone.
std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
  std::vector<std::string> lines;
  for (std::size_t start = text.find_first_not_of(' '); start != std::string::npos;) {
    const auto end = std::min(text.find(' ', start), text.size());
    const auto word = text.substr(start, end - start);
    if (lines.empty() || lines.back().size() + 1 + word.size() > width) {
      lines.push_back(word);
    } else {
      lines.back().append(" ").append(word);
    }
    start = text.find_first_not_of(' ', end);
  }
  return lines;
}

std::string label(const OptionRow& row) {
  std::string value = fmt::format("{}{}", row.value_name, row.is_list ? "..." : "");
  if (row.is_positional) return value;
  return row.is_flag ? fmt::format("--{}", row.name) : fmt::format("--{} {}", row.name, value);
}

std::string note(const OptionRow& row) {
  if (row.is_required) return "[needed]";
  if (row.is_flag) return row.default_text == "true" ? fmt::format("[on; --no-{} turns it off]", row.name) : "";
  return row.default_text.empty() ? "" : fmt::format("[{}]", row.default_text);
}

void append_entry(std::string& text, const std::string& name, const std::string& meaning, std::size_t column) {
  const auto lines = wrapped(meaning, page_width - column);
  const bool fits = name.size() + 4 <= column;
  text += fits ? fmt::format("  {:<{}}", name, column - 2) : fmt::format("  {}\n", name);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0 || !fits) text += std::string(column, ' ');
    text.append(lines[i]).append("\n");
  }
}

std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  return text;
}

}  // namespace

std::string OptionTable::help_text() const {
  std::string usage = fmt::format("prelude {}", command_);
  for (const auto& row : rows_) {
    if (row.is_required) usage.append(" ").append(label(row));
  }
  std::string text;
  for (const auto& line : wrapped(fmt::format("prelude {}: {}", command_, summary_), page_width))
    text.append(line).append("\n");
  text += "\nusage:";
  const auto usage_lines = wrapped(usage + " [options]", page_width - 9);
  for (std::size_t i = 0; i < usage_lines.size(); ++i) {
    text += fmt::format("{}{}\n", i == 0 ? " " : std::string(9, ' '), usage_lines[i]);
  }
  std::size_t column = 0;
  for (const auto& row : rows_) {
    const auto size = label(row).size();
    if (size <= widest_label) column = std::max(column, size);
  }
  column = std::max(column, std::string("--config FILE").size()) + 4;
  text += "\noptions (needed, or the default in brackets):\n";
  for (const auto& row : rows_) append_entry(text, label(row), fmt::format("{} {}", row.help, note(row)), column);
  append_entry(text, "--config FILE", "Options as `name = value` lines; the command line wins.", column);
  append_entry(text, "--help", "This page.", column);
  return text;
}

namespace {

std::string markdown_row(const OptionRow& row, const std::string& name) {
  const std::string standard = row.is_required            ? "needed"
                               : row.default_text.empty() ? ""
                                                          : fmt::format("`{}`", row.default_text);
  return fmt::format("| `{}` | {} | {} |\n", escaped(name), escaped(standard), escaped(row.help));
}

}  // namespace

std::string OptionTable::markdown() const {
  std::string text =
      fmt::format("## prelude {}\n\n{}\n\n| option | default | meaning |\n| --- | --- | --- |\n", command_, summary_);
  for (const auto& row : rows_) text += markdown_row(row, label(row));
  return text;
}

std::string OptionTable::keys_markdown() const {
  std::string text =
      fmt::format("## {}\n\n{}\n\n| key | default | meaning |\n| --- | --- | --- |\n", command_, summary_);
  for (const auto& row : rows_) text += markdown_row(row, fmt::format("{} = {}", row.name, row.value_name));
  return text;
}

}  // namespace prelude
