// Lists, blanks in values and options that do nothing: of launch/options.h.
#include <gtest/gtest.h>

#include "core/error.h"
#include "launch/options.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::TemporaryFolder;
using test::write_file;
using Texts = std::vector<std::string>;

struct Fields {
  Texts files;
  Texts words{"good"};
  std::vector<std::uint64_t> seeds{10, 20};
  std::vector<double> rates;
  std::vector<double> five;
  std::string text;
  std::string task = "nsp";
  double threshold = 0.5;
  double limit = 1;
};

OptionTable table_of(Fields& fields) {
  OptionTable table("demo run", "shows lists");
  table.add("files", fields.files, "FILE", "Paths.");
  table.add("words", fields.words, "WORD", "Words.").words();
  table.add("seeds", fields.seeds, "N", "Seeds.").unique();
  table.add("rates", fields.rates, "X", "Rates.").unique().above(0);
  table.add("five", fields.five, "X", "Five shares.").exactly(5).at_least(0).below(1);
  table.add("text", fields.text, "TEXT", "Text.");
  table.add("task", fields.task, "", "Task.").choices({"nsp", "cls"});
  const auto is_cls = [&fields] { return fields.task == "cls"; };
  table.add("threshold", fields.threshold, "X", "Of cls.").only_with("--task cls", is_cls);
  table.add("limit", fields.limit, "X", "Of cls.").noted_with("--task cls", is_cls);
  return table;
}

Fields parsed(const Texts& arguments) {
  Fields fields;
  table_of(fields).parse(arguments);
  return fields;
}

Fields of_file(const std::string& text) {
  Fields fields;
  table_of(fields).parse_config_text("a.ini", text);
  return fields;
}

std::string mistake(const Texts& arguments) {
  return test::message_of([&] { parsed(arguments); });
}

// One grammar in both places: numbers and words stand apart by blanks or commas, in one value or in several.
TEST(OptionList, NumbersAndWordsAreSplitInBothPlaces) {
  const std::vector<std::uint64_t> seeds{1, 2, 3};
  for (const Texts& given : {Texts{"1 2 3"}, Texts{"1,2, 3"}, Texts{"1", "2", "3"}, Texts{"1 2", "3"}}) {
    Texts arguments{"--seeds"};
    arguments.insert(arguments.end(), given.begin(), given.end());
    EXPECT_EQ(parsed(arguments).seeds, seeds);
  }
  EXPECT_EQ(of_file("seeds = 1 2 3\n").seeds, seeds);
  EXPECT_EQ(of_file("seeds = 1\nseeds = 2, 3\n").seeds, seeds);
  const Texts words{"terrible", "bad", "maybe", "good", "great"};
  EXPECT_EQ(of_file("words = terrible bad maybe good great\n").words, words);
  EXPECT_EQ(parsed({"--words", "terrible,bad,maybe,good,great"}).words, words);
  EXPECT_EQ(parsed({"--words", "terrible", "bad", "maybe", "good", "great"}).words, words);
}

TEST(OptionList, AQuotedWordKeepsItsBlanks) {
  const Texts words{"very good", " yes", "a,b", "say \"no\""};
  const std::string text = R"("very good" " yes", "a,b" "say ""no""")";
  EXPECT_EQ(parsed({"--words", text}).words, words);
  EXPECT_EQ(of_file("words = " + text + "\n").words, words);
  EXPECT_EQ(mistake({"--words", "\"open"}), "--words: a quote is not closed in: \"open");
}

// A path is one element, whatever stands in it.
TEST(OptionList, PathsAreNeverSplit) {
  const Texts files{"films=my data/films", "a,b"};
  EXPECT_EQ(parsed({"--files", files[0], files[1]}).files, files);
  EXPECT_EQ(of_file("files = films=my data/films\nfiles = a,b\n").files, files);
}

TEST(OptionList, Mistakes) {
  EXPECT_EQ(mistake({"--seeds", "1 2 1"}), "--seeds: '1' is given twice");
  EXPECT_EQ(mistake({"--rates", "0.1 1e-1"}), "--rates: '0.1' is given twice") << "one number in two forms";
  EXPECT_EQ(mistake({"--rates", "0.1 0"}), "--rates: 0 must be more than 0");
  EXPECT_EQ(mistake({"--rates", "0.1 fast"}), "--rates: 'fast' is not a number");
  EXPECT_EQ(mistake({"--seeds", " , "}), "--seeds: give one value or more");
  EXPECT_EQ(mistake({"--five", "0.1 0.2"}), "--five: 5 values are wanted, but 2 are given");
  EXPECT_EQ(mistake({"--five", "0 0 0 0 1"}), "--five: 1 must be less than 1");
}

TEST(OptionList, ConfigTextReadsBackToTheByte) {
  Fields fields;
  fields.files = {" leading.txt", "b \"c\".txt", "\"quoted\""};
  fields.words = {"very good", " yes", "plain", "\"", ""};
  fields.rates = {0.1, 1e-7};
  for (const char* text : {" the", "the ", "\"x\"", "\"x\" and \"y\"", "\"", "\"\"", "a # b", "=", "\t"}) {
    fields.text = text;
    const std::string config = table_of(fields).config_text();
    const Fields back = of_file(config);
    EXPECT_EQ(back.text, fields.text) << config;
    EXPECT_EQ(back.files, fields.files) << config;
    EXPECT_EQ(back.words, fields.words) << config;
    EXPECT_EQ(back.rates, fields.rates) << config;
  }
}

TEST(OptionCondition, AnOptionThatDoesNothingIsRefused) {
  EXPECT_EQ(mistake({"--threshold", "0.7"}), "--threshold does nothing here; it is for --task cls: leave it out");
  EXPECT_EQ(parsed({"--threshold", "0.7", "--task", "cls"}).threshold, 0.7);
  EXPECT_EQ(parsed({"--threshold", "0.5"}).threshold, 0.5) << "the default does no harm";
}

// A config file may serve several commands; what it says in vain is noted.
TEST(OptionCondition, InAConfigFileItIsNoted) {
  const TemporaryFolder folder;
  write_file(folder / "a.ini", "threshold = 0.7\n");
  Fields fields;
  OptionTable table = table_of(fields);
  table.parse({"--config", folder / "a.ini", "--limit", "2"});
  EXPECT_EQ(table.notes(), (Texts{(folder / "a.ini") + " line 1: threshold does nothing here; it is for --task cls",
                                  "--limit does nothing here; it is for --task cls"}));
}

}  // namespace
}  // namespace prelude
