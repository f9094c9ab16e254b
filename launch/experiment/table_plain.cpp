#include <fmt/format.h>

#include "launch/experiment/text_grid.h"

namespace prelude {
namespace {

constexpr Markup markup{"", "*", "±", "<", "†", "‡", one_line};

std::string layout(const TextGrid& grid) {
  std::vector<TextRow> rows{grid.head};
  rows.insert(rows.end(), grid.methods.begin(), grid.methods.end());
  rows.insert(rows.end(), grid.baselines.begin(), grid.baselines.end());
  return aligned(rows);
}

}  // namespace

std::string plain_text(const ResultTable& table) {
  std::string text = layout(value_texts(table, markup));
  text.push_back('\n');
  for (const std::string& note : notes(table, markup, "*")) text.append(note).push_back('\n');
  const TextGrid rates = rate_texts(table, markup);
  if (rates.methods.empty()) return text;
  text.append("\nRates, chosen by the mean over seeds on the dev examples:\n\n");
  return text.append(layout(rates));
}

}  // namespace prelude
