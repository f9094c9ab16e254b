#include <fmt/format.h>

#include "launch/experiment/text_grid.h"

namespace prelude {
namespace {

std::string escaped(std::string_view text) {
  constexpr std::string_view special = "\\`*_[]<>|#&~";
  std::string result;
  for (const char c : one_line(text)) {
    if (special.find(c) != std::string_view::npos) result.push_back('\\');
    result.push_back(c);
  }
  return result;
}

constexpr Markup markup{"**", "**", "±", "<", "†", "‡", escaped};

std::string line(const TextRow& row) { return fmt::format("| {} |\n", fmt::join(row, " | ")); }

std::string layout(const TextGrid& grid) {
  TextRow rule(grid.head.size(), "---:");
  rule.front() = "---";
  std::string text = line(grid.head);
  text.append(line(rule));
  for (const TextRow& row : grid.methods) text.append(line(row));
  for (const TextRow& row : grid.baselines) text.append(line(row));
  return text;
}

}  // namespace

std::string markdown_text(const ResultTable& table) {
  std::string text = layout(value_texts(table, markup));
  for (const std::string& note : notes(table, markup, "Bold")) text.append(fmt::format("\n{}\n", note));
  const TextGrid rates = rate_texts(table, markup);
  if (rates.methods.empty()) return text;
  text.append("\nRates, chosen by the mean over seeds on the dev examples:\n\n");
  return text.append(layout(rates));
}

}  // namespace prelude
