// One row of the table of downstream data sets: where a set lies, what its labels are called, how an example is put to
// the model. Plain values, so that a table of options can bind each of them; data/downstream holds the rows we ship.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace prelude {

// The forms are templates (tasks/downstream/form_template.h). A row asks for a label or for a choice:
//  - label rows have `labels`, and the model answers with a word;
//  - choice rows have `options_field` or `option_fields` instead: the example's own options, which the model answers
//  with
//    a letter.
struct TaskRow {
  std::string name;

  // The files, relative to the folder of the data set. `dev` may be empty: it is then drawn from `train`. Several names
  // that make one split are separated by a comma.
  std::string format = "jsonl";  // jsonl, tsv, csv, race, json: read_examples.h
  std::string train;
  std::string dev;
  std::string test;
  std::vector<std::string> columns;  // of a table without a line of names; empty: its first line has them
  std::string quoting = "auto";      // of a TSV: csv, none, or auto (core/io/delimited_reader.h)
  std::vector<std::string> fields;   // the fields that templates may name (race: article, question; json: passage,
                                     // question)

  std::string label_field;
  std::vector<std::string> labels;  // "VALUE -> WORD" in class order; VALUE as in the file, WORD may be several words
  std::vector<std::string> skip;    // label values whose examples are passed over
  std::string options_field;        // choice rows: the field with the list of options
  std::vector<std::string> option_fields;  // or the fields with one option each; a line may hold several names
  std::string option_names;                // choice rows: the field with the list of the options' names
  // Of a choice row's label: position (0, 1, ... or A, B, ...), number (1, 2, ...), name (of option_names, or the
  // field's that holds the option), text (the option's).
  std::string answer = "position";
  std::vector<std::string> choices;  // choice rows: bare pieces that stand for the options; empty: A, B, ...
  std::string choice_mark = ".";     // the bare piece behind A
  std::string choice_end = ".";      // the bare piece behind an option's text

  // One template a method; empty: the row has no such form. Label words answer pt, hybrid, lm and ft, letters unified.
  std::string pt;      // PT and PPT: a soft prompt alone
  std::string hybrid;  // a soft prompt and words
  std::string unified;
  std::string lm;                 // for an LM-adapted backbone
  std::string ft;                 // all weights train
  std::string option = "{word}";  // label rows: the text of an option in the unified form

  // Source ids and prompt rows together are at most max_source - slack positions; 0: never cut. Slack may be negative,
  // for PPT leaves some ids out of its count.
  std::int64_t max_source = 512;
  std::int64_t ft_max_source = 0;  // of ft; 0: max_source
  std::int64_t slack = 0;          // of every form but unified
  std::int64_t unified_slack = 0;
  std::string cut;  // the field that is shortened; empty: the longest of the example

  std::string metric = "accuracy";  // accuracy, macro-f1
  std::string pretext;              // the pretext task whose prompt PPT starts from: nsp, nss, cls; empty: none
};

// The row as it was given, once it is sound; throws UserError naming the row, the field and the mistake.
TaskRow checked(TaskRow row);

// Needs a sound row. "pt", "hybrid", "unified", "lm" or "ft"; throws UserError for another name, or where the row has
// no such form.
const std::string& form_of(const TaskRow& row, const std::string& form);
// The names of the forms that the row has.
std::vector<std::string> forms_of(const TaskRow& row);

// A label of a label row: its value in the file and the word that the model answers with.
struct LabelWord {
  std::string value;
  std::string word;
};
// In class order; empty for a choice row. Throws UserError where a line is no "VALUE -> WORD".
std::vector<LabelWord> label_words(const TaskRow& row);

// The row has options instead of labels.
bool asks_for_choice(const TaskRow& row);

// The letters of a choice row, and of every unified form.
constexpr std::size_t kMostChoices = 16;

}  // namespace prelude
