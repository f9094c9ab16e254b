#include "launch/tune/task_rows.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "launch/nearest.h"
#include "launch/shipped_rows.h"

namespace prelude {
namespace {

void declare_files(OptionTable& table, TaskRow& row) {
  table.add("name", row.name, "NAME", "What --data calls the set.");
  table
      .add("format", row.format, "",
           "jsonl: a JSON object per line; a field inside others is named with dots, choices.text. tsv, csv: columns, "
           "the "
           "first line names them. race: RACE's folders. json: one array, as C3's.")
      .choices({"jsonl", "tsv", "csv", "race", "json"});
  table.add("train", row.train, "FILE", "Training examples; of several files, names with commas between.");
  table.add("dev", row.dev, "FILE", "Examples that choose the best step, where they are not drawn from `train`.");
  table.add("test", row.test, "FILE", "Test examples.");
  table.add("columns", row.columns, "NAME", "Columns of a table without a line of names, one `columns` line each.");
  table
      .add(
          "quoting", row.quoting, "",
          "Of a TSV. csv: a cell that begins with a quote is quoted, as pandas and spreadsheets write it. none: quotes "
          "are text, as in GLUE. auto: csv where cells hold doubled quotes inside quotes or a whole column is in "
          "quotes, and where records go over lines; else none.")
      .choices({"auto", "csv", "none"});
  table.add("fields", row.fields, "NAME", "Fields that templates name, one `fields` line each.");
}

void declare_answers(OptionTable& table, TaskRow& row) {
  table.add("label-field", row.label_field, "NAME", "Field with the label.");
  table.add("labels", row.labels, "VALUE -> WORD",
            "A label's value in the files and its word, one `labels` line each.");
  table.add("skip", row.skip, "VALUE", "Label values whose examples are left out.");
  table.add("options-field", row.options_field, "NAME", "Instead of labels: the field with an example's own options.");
  table.add(
      "option-fields", row.option_fields, "NAME",
      "Instead of both: the fields or columns with an option each, in their order; empty ones at the end are left "
      "out.");
  table.add("option-names", row.option_names, "NAME", "For answer = name: the field with the options' own names.");
  table
      .add("answer", row.answer, "",
           "With options: the label is a position (0, 1, ... or A, B, ...), a number (1, 2, ...), a name (of "
           "option-names, or of the option's field) or the right text.")
      .choices({"position", "number", "name", "text"});
  table.add("choices", row.choices, "PIECE", "Pieces that stand for options; A, B, ... unless given.");
  table.add("choice-mark", row.choice_mark, "PIECE", "Piece behind the letter.");
  table.add("choice-end", row.choice_end, "PIECE", "Piece behind an option's text.");
}

void declare_forms(OptionTable& table, TaskRow& row) {
  table.add("pt", row.pt, "TEMPLATE", "Of pt and ppt.");
  table.add("hybrid", row.hybrid, "TEMPLATE", "Of hybrid-pt and hybrid-ppt.");
  table.add("unified", row.unified, "TEMPLATE", "Of unified-ppt, with {options}.");
  table.add("lm", row.lm, "TEMPLATE", "Of lm-pt.");
  table.add("ft", row.ft, "TEMPLATE", "Of ft.");
  table.add("option", row.option, "TEMPLATE", "With labels: an option's text in the unified form.");
  table.add("max-source", row.max_source, "N", "Encoder positions, prompt rows included; 0: no limit.").at_least(0);
  table.add("ft-max-source", row.ft_max_source, "N", "The same of ft; 0: as max-source.").at_least(0);
  table.add("slack", row.slack, "N", "Positions of it that stay free; negative: that come beside it.");
  table.add("unified-slack", row.unified_slack, "N", "The same of the unified form.");
  table.add("cut", row.cut, "NAME", "Field that is shortened where an example is too long; the longest unless given.");
  table.add("metric", row.metric, "", "macro-f1: shown beside the accuracy.").choices({"accuracy", "macro-f1"});
  table.add("pretext", row.pretext, "", "Pretext task whose prompt ppt starts from.").choices({"nsp", "nss", "cls"});
}

}  // namespace

void declare(OptionTable& table, TaskRow& row) {
  declare_files(table, row);
  declare_answers(table, row);
  declare_forms(table, row);
}

TaskRow read_task_row(const std::string& path) {
  TaskRow row;
  OptionTable table("task row", "");
  declare(table, row);
  table.parse_config(path);
  try {
    return checked(std::move(row));
  } catch (const UserError& error) {
    fail("{}: {}", path, error.what());
  }
}

std::vector<std::string> shipped_task_rows() {
  std::vector<std::string> names;
  for (const ShippedRow& row : shipped_rows) names.emplace_back(row.name);
  return names;
}

TaskRow find_task_row(const std::string& name, const std::vector<TaskRow>& own) {
  const auto mine = std::find_if(own.begin(), own.end(), [&](const TaskRow& row) { return row.name == name; });
  if (mine != own.end()) return *mine;
  for (const ShippedRow& shipped : shipped_rows) {
    if (name != shipped.name) continue;
    TaskRow row;
    OptionTable table("task row", "");
    declare(table, row);
    table.parse_config_text(fmt::format("data/downstream/{}.ini", name), shipped.text);
    return checked(std::move(row));
  }
  std::vector<std::string> names = shipped_task_rows();
  for (const TaskRow& row : own) names.push_back(row.name);
  fail("--data: there is no data set '{}'; did you mean '{}'? Choose from {}, or describe your own with --rows", name,
       nearest_of(name, names), fmt::join(names, ", "));
}

}  // namespace prelude
