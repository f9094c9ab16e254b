#include "launch/experiment/text_grid.h"

#include <fmt/format.h>

#include <algorithm>

namespace prelude {
namespace {

std::string value_text(const TableValue& value, const Markup& markup) {
  std::string text = fmt::format("{:.1f}", 100 * value.mean);
  if (value.deviation) text = fmt::format("{} {} {:.1f}", text, markup.plus_minus, 100 * *value.deviation);
  if (value.best) text = fmt::format("{}{}{}", markup.bold_open, text, markup.bold_close);
  if (value.p && *value.p < 0.05) text.append(*value.p < 0.01 ? markup.below_1 : markup.below_5);
  return text;
}

std::string cell_text(const TableCell& cell, std::int64_t seeds, const Markup& markup) {
  if (cell.values.empty()) return cell.failed == 0 ? "-" : fmt::format("failed ({})", cell.failed);
  TextRow values;
  for (const TableValue& value : cell.values) values.push_back(value_text(value, markup));
  std::string text = fmt::format("{}", fmt::join(values, " / "));
  if (cell.finished == seeds) return text;
  const std::string failed = cell.failed == 0 ? "" : fmt::format(", {} failed", cell.failed);
  return fmt::format("{} (n={}{})", text, cell.finished, failed);
}

TextRow head_texts(const ResultTable& table, const Markup& markup, const char* first) {
  TextRow head{first};
  for (const TableColumn& column : table.columns) head.push_back(markup.escape(column.place.title));
  return head;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// "pt on sst2 (2 of 5 seeds), ...".
std::string untrained_text(const ResultTable& table, const Markup& markup) {
  TextRow texts;
  for (const TableRow& row : table.methods) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const TableCell& cell = row.cells[i];
      if (cell.untrained == 0) continue;
      texts.push_back(fmt::format("{} on {} ({} of {} seeds)", markup.escape(row.name),
                                  markup.escape(table.columns[i].place.title), cell.untrained, cell.finished));
    }
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string same_examples_text(const ResultTable& table, const Markup& markup) {
  TextRow texts;
  for (const TableColumn& column : table.columns) {
    if (column.same_examples) texts.push_back(markup.escape(column.place.title));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

TextGrid value_texts(const ResultTable& table, const Markup& markup) {
  TextGrid grid{head_texts(table, markup, "method"), {}, {}};
  for (const TableRow& row : table.methods) {
    TextRow texts{markup.escape(row.name)};
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      texts.push_back(cell_text(row.cells[i], table.columns[i].seeds, markup));
    }
    grid.methods.push_back(texts);
  }
  for (const TableRow& row : table.baselines) {
    TextRow texts{markup.escape(row.name)};
    for (const TableCell& cell : row.cells) texts.push_back(cell_text(cell, 0, markup));
    grid.baselines.push_back(texts);
  }
  return grid;
}

TextGrid rate_texts(const ResultTable& table, const Markup& markup) {
  TextGrid grid{head_texts(table, markup, "rate"), {}, {}};
  bool choice = false;
  for (const TableRow& row : table.methods) {
    TextRow texts{markup.escape(row.name)};
    for (const TableCell& cell : row.cells) {
      texts.push_back(cell.finished == 0 || cell.rate == 0 ? "-" : fmt::format("{}", cell.rate));
      choice = choice || cell.rates > 1;
    }
    grid.methods.push_back(texts);
  }
  if (!choice) grid.methods.clear();
  return grid;
}

std::vector<std::string> notes(const ResultTable& table, const Markup& markup, const char* best) {
  const auto f1 = std::any_of(table.columns.begin(), table.columns.end(), [](const auto& one) { return one.f1; });
  const std::string range = markup.escape("%");
  std::vector<std::string> lines{
      fmt::format("Test results in {}: mean {} sample standard deviation over seeds of the {}{}.", range,
                  markup.plus_minus, explained(table.options.measure),
                  f1 ? "; where two numbers stand, accuracy / macro-F1 among the label words" : "")};
  lines.push_back(
      fmt::format("{}: the best mean of a column. (n=...): the seeds that finished, where not all did.", best));
  if (!table.options.reference.empty()) {
    lines.push_back(
        fmt::format("{0} p {2} 0.05, {1} p {2} 0.01: better or worse than {3} by a two-sided t-test paired over seeds, "
                    "Holm-corrected over the methods of a column.",
                    markup.below_5, markup.below_1, markup.less, markup.escape(table.options.reference)));
  }
  const std::string same = same_examples_text(table, markup);
  if (!same.empty()) {
    lines.push_back(fmt::format(
        "All seeds have the same training examples, and differ in their order and the first prompt alone: {}.", same));
  }
  const std::string untrained = untrained_text(table, markup);
  if (!untrained.empty()) {
    lines.push_back(
        fmt::format("Tested in the state of step 0, as no later one was better on the dev examples: {}.", untrained));
  }
  if (table.failed > 0) lines.push_back(fmt::format("{} of {} cells failed.", table.failed, table.cells));
  return lines;
}

std::string aligned(const std::vector<TextRow>& rows) {
  std::vector<std::size_t> widths;
  for (const TextRow& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], code_points(row[i]));
  }
  std::string text;
  for (const TextRow& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - code_points(row[i]), ' ');
      line.append(i == 0 ? fmt::format("{}{}", row[i], padding) : fmt::format("  {}{}", padding, row[i]));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text.append(line).push_back('\n');
  }
  return text;
}

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

}  // namespace prelude
