#include "tasks/downstream/task_row.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/text/utf8.h"
#include "tasks/downstream/form_template.h"

namespace prelude {
namespace {

constexpr std::string_view kArrow = "->";
constexpr std::int64_t kMostPositions = 1'000'000;

using Texts = std::vector<std::string>;

struct NamedForm {
  const char* name;
  std::string TaskRow::*member;
};
constexpr std::array<NamedForm, 5> kForms{{{"pt", &TaskRow::pt},
                                           {"hybrid", &TaskRow::hybrid},
                                           {"unified", &TaskRow::unified},
                                           {"lm", &TaskRow::lm},
                                           {"ft", &TaskRow::ft}}};

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

bool holds(const Texts& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

void check_named(const TaskRow& row, const char* field, const std::string& value, const Texts& known) {
  require(holds(known, value), "row '{}': {} is '{}'; it is one of {}", row.name, field, value, fmt::join(known, ", "));
}

void check_different(const TaskRow& row, const char* field, const Texts& texts) {
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    require(!text.empty(), "row '{}': {} holds an empty one", row.name, field);
    require(seen.insert(text).second, "row '{}': {} '{}' stands twice; they must differ", row.name, field, text);
  }
}

bool is_table(const TaskRow& row) { return row.format == "tsv" || row.format == "csv"; }

void check_files(const TaskRow& row) {
  check_named(row, "format", row.format, {"jsonl", "tsv", "csv", "race", "json"});
  check_named(row, "quoting", row.quoting, {"auto", "csv", "none"});
  require(row.quoting == "auto" || row.format == "tsv", "row '{}': quoting is for format tsv, not {}", row.name,
          row.format);
  require(!row.train.empty() || !row.test.empty(), "row '{}': it names no file; give train or test", row.name);
  for (const std::string* file : {&row.train, &row.dev, &row.test}) {
    require(!file->starts_with('/'), "row '{}': file '{}' must be relative to the folder of the data set", row.name,
            *file);
  }
  require(row.columns.empty() || is_table(row), "row '{}': columns are for format tsv and csv, not {}", row.name,
          row.format);
  check_different(row, "columns", row.columns);
}

void check_labels(const TaskRow& row) {
  require(!row.label_field.empty(), "row '{}': label-field is missing", row.name);
  require(row.labels.empty() || !asks_for_choice(row),
          "row '{}': it has labels and {}; give labels or, for multiple choice, options-field", row.name,
          row.options_field.empty() ? "option-fields" : "options-field");
  require(!row.labels.empty() || asks_for_choice(row),
          "row '{}': it has no labels; give lines 'VALUE -> WORD', or options-field for multiple choice", row.name);
  Texts values;
  Texts words;
  for (const LabelWord& label : label_words(row)) {
    values.push_back(label.value);
    words.push_back(label.word);
  }
  check_different(row, "label value", values);
  check_different(row, "label word", words);
  require(values.size() != 1, "row '{}': there is one label, '{}'; give two or more", row.name,
          fmt::join(values, ", "));
  require(row.unified.empty() || values.size() <= kMostChoices,
          "row '{}': {} labels, but a unified form has letters for {}", row.name, values.size(), kMostChoices);
  for (const std::string& value : row.skip) {
    require(!holds(values, value), "row '{}': '{}' is a label and in skip", row.name, value);
  }
}

void check_choices(const TaskRow& row) {
  const bool question_format = row.format == "race" || row.format == "json";
  require(!question_format || !row.options_field.empty(),
          "row '{}': format {} holds questions with options; give options-field", row.name, row.format);
  require(row.options_field.empty() || !is_table(row),
          "row '{}': a table holds no list of options; name the columns of the options with option-fields", row.name);
  require(row.option_fields.empty() || (row.options_field.empty() && !question_format),
          "row '{}': option-fields are for options in fields of their own; leave them or options-field out", row.name);
  check_different(row, "option field", row.option_fields);
  check_named(row, "answer", row.answer, {"position", "number", "name", "text"});
  require(row.option_names.empty() || (row.answer == "name" && !row.options_field.empty() && !question_format),
          "row '{}': option-names are for answer = name and an options-field", row.name);
  require(row.answer != "name" || !row.option_names.empty() || !row.option_fields.empty(),
          "row '{}': answer = name wants option-names, the field with the options' names, or option-fields", row.name);
  require(asks_for_choice(row) || row.choices.empty(), "row '{}': choices need options-field or option-fields",
          row.name);
  require(row.choices.size() <= kMostChoices, "row '{}': {} choices, at most {}", row.name, row.choices.size(),
          kMostChoices);
  check_different(row, "choice", row.choices);
  require(!row.choice_mark.empty() && !row.choice_end.empty(), "row '{}': choice-mark and choice-end are pieces",
          row.name);
  const std::size_t word = row.option.find("{word}");
  require(word != std::string::npos && row.option.find_first_of("{}[]|", word + 6) == std::string::npos &&
              row.option.find_first_of("{}[]|") == word,
          "row '{}': option '{}' must hold {{word}} once and no other brackets", row.name, row.option);
}

void check_form(const TaskRow& row, const NamedForm& form) {
  const std::string& text = row.*form.member;
  const std::string where = fmt::format("row '{}', {}", row.name, form.name);
  const bool is_unified = form.member == &TaskRow::unified;
  require(valid_utf8_bytes(text) == text.size(), "{}: the template is no UTF-8", where);
  Texts named;
  std::int64_t sentinels = 0;
  std::int64_t options = 0;
  for (const TemplatePart& part : parse_template(text, where)) {
    if (part.kind == TemplatePart::Kind::sentinel) ++sentinels;
    if (part.kind == TemplatePart::Kind::options) ++options;
    if (part.kind != TemplatePart::Kind::field) continue;
    require(holds(row.fields, part.text), "{}: unknown field {{{}}}; the row's fields are {}", where, part.text,
            fmt::join(row.fields, ", "));
    require(!holds(named, part.text), "{}: {{{}}} stands twice", where, part.text);
    named.push_back(part.text);
  }
  const bool needs_sentinel = form.member != &TaskRow::lm;
  require(sentinels == 1 || (sentinels == 0 && !needs_sentinel),
          "{}: '{}' has {} <X>; it must stand once, where the answer belongs", where, text, sentinels);
  const bool wants_options = is_unified || asks_for_choice(row);
  require(options == (wants_options ? 1 : 0), "{}: '{}' has {} {{options}}, but should have {}", where, text, options,
          wants_options ? "one" : "none: the labels' words answer this form");
  require(row.cut.empty() || holds(named, row.cut), "{}: {{{}}}, the field to cut, is not in '{}'", where, row.cut,
          text);
}

void check_length(const TaskRow& row) {
  for (const std::int64_t positions : {row.max_source, row.ft_max_source}) {
    require(positions >= 0 && positions <= kMostPositions, "row '{}': max-source is {}; it is 0 (never cut) to {}",
            row.name, positions, kMostPositions);
  }
  for (const std::int64_t slack : {row.slack, row.unified_slack}) {
    require(slack >= -kMostPositions && slack <= kMostPositions, "row '{}': a slack of {} positions is beyond {}",
            row.name, slack, kMostPositions);
  }
  require(row.cut.empty() || holds(row.fields, row.cut), "row '{}': cut names the field '{}', the fields are {}",
          row.name, row.cut, fmt::join(row.fields, ", "));
}

void check_fields(const TaskRow& row) {
  require(!row.fields.empty(), "row '{}': fields is empty; name the fields that its templates use", row.name);
  check_different(row, "field", row.fields);
  require(!holds(row.fields, "options"), "row '{}': a field cannot be called 'options', which {{options}} means",
          row.name);
  const Texts known = row.format == "race" ? Texts{"article", "question"} : Texts{"passage", "question"};
  if (row.format != "race" && row.format != "json") return;
  for (const std::string& field : row.fields) check_named(row, "field", field, known);
}

}  // namespace

TaskRow checked(TaskRow row) {
  require(!row.name.empty(), "a row of downstream data has no name");
  check_files(row);
  check_fields(row);
  check_labels(row);
  check_choices(row);
  check_length(row);
  check_named(row, "metric", row.metric, {"accuracy", "macro-f1"});
  if (!row.pretext.empty()) check_named(row, "pretext", row.pretext, {"nsp", "nss", "cls"});
  require(!forms_of(row).empty(), "row '{}': it has no form; give pt, hybrid, unified, lm or ft", row.name);
  for (const NamedForm& form : kForms) {
    if (!(row.*form.member).empty()) check_form(row, form);
  }
  return row;
}

bool asks_for_choice(const TaskRow& row) { return !row.options_field.empty() || !row.option_fields.empty(); }

const std::string& form_of(const TaskRow& row, const std::string& form) {
  const auto found = std::find_if(kForms.begin(), kForms.end(), [&](const NamedForm& f) { return form == f.name; });
  require(found != kForms.end(), "there is no form '{}'; the forms are pt, hybrid, unified, lm, ft", form);
  const std::string& text = row.*found->member;
  require(!text.empty(), "row '{}' has no form {}; it has {}", row.name, form, fmt::join(forms_of(row), ", "));
  return text;
}

std::vector<std::string> forms_of(const TaskRow& row) {
  Texts names;
  for (const NamedForm& form : kForms) {
    if (!(row.*form.member).empty()) names.emplace_back(form.name);
  }
  return names;
}

std::vector<LabelWord> label_words(const TaskRow& row) {
  std::vector<LabelWord> words;
  for (const std::string& line : row.labels) {
    const std::size_t arrow = line.find(kArrow);
    require(arrow != std::string::npos, "row '{}': label '{}' is no 'VALUE -> WORD'", row.name, line);
    words.push_back({trimmed(std::string_view(line).substr(0, arrow)),
                     trimmed(std::string_view(line).substr(arrow + kArrow.size()))});
    const LabelWord& label = words.back();
    require(!label.value.empty() && !label.word.empty() && valid_utf8_bytes(line) == line.size(),
            "row '{}': label '{}' is no 'VALUE -> WORD'", row.name, line);
  }
  return words;
}

}  // namespace prelude
