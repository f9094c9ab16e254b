#include "tasks/downstream/task_row.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/message_of.h"
#include "tests/tasks/downstream/shipped_row.h"

namespace prelude::test {
namespace {

TaskRow label_row() {
  TaskRow row;
  row.name = "r";
  row.train = "train.jsonl";
  row.fields = {"s", "t"};
  row.label_field = "label";
  row.labels = {"0 -> bad", "1 -> very good"};
  row.pt = "{s}<X>{t}";
  row.unified = "{s}[?]{options}<X>";
  row.pretext = "cls";
  return row;
}

TaskRow choice_row() {
  TaskRow row = label_row();
  row.labels.clear();
  row.options_field = "options";
  row.pt = "{s}{options}<X>";
  return row;
}

struct Mistake {
  std::function<void(TaskRow&)> make;
  std::string message;  // part of it
};

void expect_messages(const TaskRow& sound, const std::vector<Mistake>& mistakes) {
  EXPECT_EQ(message_of([&] { checked(sound); }), "nothing thrown");
  for (const Mistake& mistake : mistakes) {
    TaskRow row = sound;
    mistake.make(row);
    const std::string message = message_of([&] { checked(row); });
    EXPECT_NE(message.find(mistake.message), std::string::npos) << message << "\nnot: " << mistake.message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

TEST(TaskRow, OfLabelsSaysWhatIsWrong) {
  expect_messages(
      label_row(),
      {{[](TaskRow& r) { r.name = ""; }, "has no name"},
       {[](TaskRow& r) { r.format = "xml"; }, "row 'r': format is 'xml'; it is one of jsonl, tsv, csv, race, json"},
       {[](TaskRow& r) { r.quoting = "both"; }, "quoting is 'both'; it is one of auto, csv, none"},
       {[](TaskRow& r) { r.quoting = "csv"; }, "quoting is for format tsv, not jsonl"},
       {[](TaskRow& r) {
          r.option_fields = {"A", "B"};
        },
        "it has labels and option-fields"},
       {[](TaskRow& r) { r.answer = "name"; }, "answer = name wants option-names"},
       {[](TaskRow& r) { r.option_names = "n"; }, "option-names are for answer = name and an options-field"},
       {[](TaskRow& r) { r.train = ""; }, "it names no file"},
       {[](TaskRow& r) { r.train = "/data/x"; }, "file '/data/x' must be relative"},
       {[](TaskRow& r) { r.columns = {"a"}; }, "columns are for format tsv and csv, not jsonl"},
       {[](TaskRow& r) { r.fields = {}; }, "fields is empty"},
       {[](TaskRow& r) {
          r.fields = {"s", "t", "s"};
        },
        "field 's' stands twice"},
       {[](TaskRow& r) { r.fields.push_back("options"); }, "a field cannot be called 'options'"},
       {[](TaskRow& r) { r.label_field = ""; }, "label-field is missing"},
       {[](TaskRow& r) { r.labels.clear(); }, "it has no labels"},
       {[](TaskRow& r) { r.options_field = "o"; }, "it has labels and options-field"},
       {[](TaskRow& r) { r.labels = {"0 -> bad"}; }, "there is one label, '0'"},
       {[](TaskRow& r) { r.labels[1] = "1: good"; }, "label '1: good' is no 'VALUE -> WORD'"},
       {[](TaskRow& r) { r.labels[1] = "1 ->  "; }, "is no 'VALUE -> WORD'"},
       {[](TaskRow& r) { r.labels[1] = " -> good"; }, "is no 'VALUE -> WORD'"},
       {[](TaskRow& r) { r.labels[1] = "1 -> \xff"; }, "is no 'VALUE -> WORD'"},
       {[](TaskRow& r) { r.labels[1] = "1 -> bad"; }, "label word 'bad' stands twice"},
       {[](TaskRow& r) { r.labels[1] = "0 -> good"; }, "label value '0' stands twice"},
       {[](TaskRow& r) { r.skip = {"1"}; }, "'1' is a label and in skip"},
       {[](TaskRow& r) {
          for (int k = 2; k < 17; ++k) r.labels.push_back(fmt::format("{} -> w{}", k, k));
        },
        "17 labels, but a unified form has letters for 16"},
       {[](TaskRow& r) {
          r.format = "race";
          r.fields = {"article"};
          r.pt = "{article}<X>";
        },
        "format race holds questions with options; give options-field"},
       {[](TaskRow& r) { r.choices = {"A"}; }, "choices need options-field"},
       {[](TaskRow& r) { r.option = "It was"; }, "must hold {word} once"},
       {[](TaskRow& r) { r.option = "{word} {word}"; }, "must hold {word} once"},
       {[](TaskRow& r) { r.max_source = -1; }, "max-source is -1"},
       {[](TaskRow& r) { r.unified_slack = -2'000'000; }, "a slack of -2000000 positions"},
       {[](TaskRow& r) { r.cut = "u"; }, "cut names the field 'u', the fields are s, t"},
       {[](TaskRow& r) { r.cut = "t"; }, "row 'r', unified: {t}, the field to cut, is not in"},
       {[](TaskRow& r) { r.metric = "f1"; }, "metric is 'f1'; it is one of accuracy, macro-f1"},
       {[](TaskRow& r) { r.pretext = "mlm"; }, "pretext is 'mlm'; it is one of nsp, nss, cls"},
       {[](TaskRow& r) { r.pt = r.unified = ""; }, "it has no form"},
       {[](TaskRow& r) { r.pt = "{u}<X>"; }, "row 'r', pt: unknown field {u}; the row's fields are s, t"},
       {[](TaskRow& r) { r.pt = "{s}<X>{s}"; }, "{s} stands twice"},
       {[](TaskRow& r) { r.pt = "{s}"; }, "has 0 <X>; it must stand once"},
       {[](TaskRow& r) { r.lm = "{s}<X><X>"; }, "row 'r', lm: '{s}<X><X>' has 2 <X>"},
       {[](TaskRow& r) { r.ft = "{s}{options}<X>"; }, "has 1 {options}, but should have none"},
       {[](TaskRow& r) { r.unified = "{s}<X>"; }, "has 0 {options}, but should have one"},
       {[](TaskRow& r) { r.hybrid = "{s<X>"; }, "row 'r', hybrid: '{s<X>' has a '{' without '}'"},
       {[](TaskRow& r) { r.pt = "\xff{s}<X>"; }, "the template is no UTF-8"}});
}

TEST(TaskRow, OfChoicesSaysWhatIsWrong) {
  expect_messages(
      choice_row(),
      {{[](TaskRow& r) { r.pt = "{s}<X>"; }, "row 'r', pt: '{s}<X>' has 0 {options}, but should have one"},
       {[](TaskRow& r) { r.answer = "letter"; }, "answer is 'letter'; it is one of position, number, name, text"},
       {[](TaskRow& r) {
          r.choices = {"x", "y", "x"};
        },
        "choice 'x' stands twice"},
       {[](TaskRow& r) { r.choices.assign(17, "x"); }, "17 choices, at most 16"},
       {[](TaskRow& r) { r.choice_end = ""; }, "choice-mark and choice-end are pieces"},
       {[](TaskRow& r) { r.format = "tsv"; }, "a table holds no list of options; name the columns"},
       {[](TaskRow& r) {
          r.option_fields = {"A", "B"};
        },
        "leave them or options-field out"},
       {[](TaskRow& r) { r.format = "json"; }, "field is 's'; it is one of passage, question"}});
}

TEST(TaskRow, KnowsItsFormsAndWords) {
  const TaskRow row = label_row();
  EXPECT_EQ(forms_of(row), (std::vector<std::string>{"pt", "unified"}));
  EXPECT_EQ(form_of(row, "pt"), "{s}<X>{t}");
  EXPECT_EQ(message_of([&] { form_of(row, "ft"); }), "row 'r' has no form ft; it has pt, unified");
  EXPECT_EQ(message_of([&] { form_of(row, "x"); }), "there is no form 'x'; the forms are pt, hybrid, unified, lm, ft");
  ASSERT_EQ(label_words(row).size(), 2U);
  EXPECT_EQ(label_words(row)[1].value, "1");
  EXPECT_EQ(label_words(row)[1].word, "very good");
}

TEST(ShippedRows, AreSoundAndNamedAsTheirFiles) {
  const std::vector<std::string> names = shipped_names();
  EXPECT_EQ(names, (std::vector<std::string>{"amazon-zh", "boolq",  "bustm", "c3",      "cb",         "ccpm",  "chid",
                                             "chnsent",   "cmnli",  "csl",   "eprstmt", "eprstmt-en", "lcqmc", "ocnli",
                                             "race-h",    "race-m", "rte",   "sst2",    "sst5",       "yahoo"}));
  for (const std::string& name : names) {
    const TaskRow row = shipped_row(name);
    EXPECT_EQ(row.name, name);
    EXPECT_EQ(forms_of(row).size(), 5U) << name;
  }
}

}  // namespace
}  // namespace prelude::test
