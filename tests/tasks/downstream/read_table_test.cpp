// Labelled files of one's own: tables, options in columns, fields in fields.
#include <gtest/gtest.h>

#include "tasks/downstream/read_examples.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

using Texts = std::vector<std::string>;

class OwnRows : public testing::Test {
 protected:
  TaskRow label_row(const std::string& format) const {
    TaskRow row;
    row.name = "own";
    row.format = format;
    row.train = "train";
    row.fields = {"text"};
    row.label_field = "label";
    row.labels = {"0 -> bad", "1 -> good"};
    row.pt = "{text}<X>";
    return checked(row);
  }
  TaskRow choice_row(const std::string& format, const std::vector<std::string>& option_fields,
                     const std::string& answer = "position") const {
    TaskRow row = label_row(format);
    row.labels.clear();
    row.fields = {"question"};
    row.label_field = "answer";
    row.option_fields = option_fields;
    row.answer = answer;
    row.pt = "{question}{options}<X>";
    return row;
  }
  std::vector<DownstreamExample> read(const TaskRow& row, const std::string& content) {
    notes_.clear();
    write_file(folder_ / "train", content);
    return read_examples(row, folder_ / "train", &notes_);
  }
  std::string said(const TaskRow& row, const std::string& content) {
    std::string message = message_of([&] { read(row, content); });
    if (message.starts_with(folder_.path())) message.erase(0, folder_.path().size() + 1);
    return message;
  }
  static Texts texts(const std::vector<DownstreamExample>& examples) {
    Texts all;
    for (const DownstreamExample& example : examples) all.push_back(example.fields.begin()->second);
    return all;
  }

  TemporaryFolder folder_;
  std::vector<std::string> notes_;
};

TEST_F(OwnRows, CsvAsSpreadsheetsWriteIt) {
  const auto examples = read(label_row("csv"),
                             "\xEF\xBB\xBFid,text,label\r\n1,\"Dull, slow and \"\"empty\"\".\",0\r\n2,Warm.,1\r\n"
                             "3,\"two\r\nlines\",1\r\n");
  EXPECT_EQ(texts(examples), (Texts{"Dull, slow and \"empty\".", "Warm.", "two\nlines"}));
  EXPECT_EQ(examples[0].label, 0);
  EXPECT_EQ(examples[2].place, folder_ / "train" + ":4");
  EXPECT_TRUE(notes_.empty());
  EXPECT_EQ(said(label_row("csv"), "text,label\nx,1,2\n"), "train:2: 3 columns, but the names are 2");
  EXPECT_EQ(said(label_row("csv"), "text,label\n\"x\" y,1\n"),
            "train:2: text stands behind the closing quote of column 1; a quote inside quotes is doubled");
  EXPECT_EQ(said(label_row("csv"), "text,label,text\nx,1,y\n"), "train:1: there are two columns 'text'");
  EXPECT_EQ(said(label_row("csv"), std::string("\xFF\xFEt\0", 4)),
            "train:1: the text is UTF-16; convert it: iconv -f UTF-16 -t UTF-8");
}

TEST_F(OwnRows, TsvAsPandasAndAsGlueWriteIt) {
  TaskRow row = label_row("tsv");
  const std::string pandas = "text\tlabel\n\"Dull, slow and \"\"empty\"\", number 12.\"\t0\nWarm.\t1\n";
  const std::string glue = "text\tlabel\n\"I see , \" he said .\t0\nhe said \"no\" .\t1\n\"I see\"\t1\n";
  EXPECT_EQ(texts(read(row, pandas)), (Texts{"Dull, slow and \"empty\", number 12.", "Warm."}));
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_NE(notes_[0].find("quoting = none keeps them"), std::string::npos);
  EXPECT_EQ(texts(read(row, glue)), (Texts{"\"I see , \" he said .", "he said \"no\" .", "\"I see\""}));
  EXPECT_TRUE(notes_.empty());
  row.quoting = "none";
  EXPECT_EQ(texts(read(row, pandas))[0], "\"Dull, slow and \"\"empty\"\", number 12.\"");
  row.quoting = "csv";
  EXPECT_EQ(texts(read(row, pandas))[0], "Dull, slow and \"empty\", number 12.");
  EXPECT_EQ(said(row, glue),
            "train:2: text stands behind the closing quote of column 1; a quote inside quotes is doubled");
  row.quoting = "auto";
  EXPECT_EQ(
      said(row, "text\tlabel\n\"a \"\"b\"\"\"\t0\n\"a\" b\t1\n"),
      "train:3: a cell begins with a quote that does not end it, but line 2 has cells in quotes as CSV has them; say "
      "in the row which it is: quoting = csv, or quoting = none");
}

// MMLU's, HellaSwag's, PIQA's, WinoGrande's and ARC's ways to say options.
TEST_F(OwnRows, OptionsInColumnsAndNestedFields) {
  TaskRow mmlu = choice_row("csv", {"A B C D"});
  mmlu.columns = {"question", "A", "B", "C", "D", "answer"};
  auto examples = read(checked(mmlu), "\"Which, if any?\",one,two,three,four,C\nAgain?,x,y,,,b\n");
  EXPECT_EQ(examples.at(0).options, (Texts{"one", "two", "three", "four"}));
  EXPECT_EQ(examples[0].label, 2);
  EXPECT_EQ(examples.at(1).options, (Texts{"x", "y"}));
  EXPECT_EQ(examples[1].label, 1);
  EXPECT_EQ(said(mmlu, "q,x,,z,,A\n"), "train:1: field 'B' is empty, but options follow it");
  EXPECT_EQ(said(mmlu, "q,x,y,,,C\n"),
            "train:1: field 'answer' is 'C', no position among 2 options (0 to 1, or A to B)");

  const TaskRow wino = checked(choice_row("jsonl", {"option1", "option2"}, "number"));
  examples = read(wino, "{\"question\": \"q\", \"option1\": \"a\", \"option2\": \"b\", \"answer\": \"2\"}\n");
  EXPECT_EQ(examples.at(0).label, 1);
  EXPECT_EQ(said(wino, "{\"question\": \"q\", \"option1\": \"a\", \"option2\": \"b\", \"answer\": 0}\n"),
            "train:1: field 'answer' is '0', no number of 2 options (1 to 2)");
  const TaskRow named = checked(choice_row("jsonl", {"left", "right"}, "name"));
  examples = read(named, "{\"question\": \"q\", \"left\": \"a\", \"right\": \"b\", \"answer\": \"right\"}\n");
  EXPECT_EQ(examples.at(0).label, 1);

  TaskRow arc = choice_row("jsonl", {}, "name");
  arc.option_fields.clear();
  arc.options_field = "choices.text";
  arc.option_names = "choices.label";
  arc = checked(arc);
  examples =
      read(arc,
           "{\"question\": \"q\", \"choices\": {\"text\": [\"a\", \"b\", \"c\"], \"label\": [\"1\", \"2\", \"3\"]}, "
           "\"answer\": \"2\"}\n");
  EXPECT_EQ(examples.at(0).options, (Texts{"a", "b", "c"}));
  EXPECT_EQ(examples[0].label, 1);
  TaskRow original = arc;
  original.fields = {"question.stem"};
  original.pt = "{question.stem}{options}<X>";
  original.options_field = "question.choices.text";
  original.option_names = "question.choices.label";
  examples =
      read(checked(original),
           "{\"question\": {\"stem\": \"q\", \"choices\": [{\"text\": \"a\", \"label\": \"A\"}, {\"text\": \"b\", "
           "\"label\": \"B\"}]}, \"answer\": \"B\"}\n");
  EXPECT_EQ(examples.at(0).fields.at("question.stem"), "q");
  EXPECT_EQ(examples[0].options, (Texts{"a", "b"}));
  EXPECT_EQ(examples[0].label, 1);
  EXPECT_EQ(said(arc, "{\"question\": \"q\", \"choices\": {\"text\": [\"a\", \"b\"]}, \"answer\": \"A\"}\n"),
            "train:1: field 'choices.label' is missing; is this another set's file, or one without labels?");
  EXPECT_EQ(said(arc,
                 "{\"question\": \"q\", \"choices\": {\"text\": [\"a\", \"b\"], \"label\": [\"A\"]}, "
                 "\"answer\": \"A\"}\n"),
            "train:1: 2 options, but 1 names of them");
}

TEST_F(OwnRows, FieldsWithoutTextAreNoted) {
  read(label_row("csv"), "text,label\n,0\nx,1\n \t,1\n");
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_EQ(notes_[0], folder_ / "train" + ": 2 of 3 examples have no text in the field 'text', the first at " +
                           folder_ / "train" + ":2");
}

TEST_F(OwnRows, ASplitIsThereWhereAFileOfItIs) {
  write_file(folder_ / "a.json", "");
  EXPECT_TRUE(split_exists(folder_.path(), "a.json"));
  EXPECT_TRUE(split_exists(folder_.path(), "b.json, a.json"));
  EXPECT_FALSE(split_exists(folder_.path(), "b.json,"));
}

}  // namespace
}  // namespace prelude::test
