#include "tasks/downstream/read_examples.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/message_of.h"
#include "tests/tasks/downstream/shipped_row.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

using Texts = std::vector<std::string>;

class ReadExamples : public testing::Test {
 protected:
  std::vector<DownstreamExample> read(const std::string& row, const std::string& file, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(folder_ / file).parent_path());
    write_file(folder_ / file, content);
    return read_examples(shipped_row(row), folder_ / file);
  }
  // What reading says, without the folder.
  std::string message(const std::string& row, const std::string& file, const std::string& content) {
    std::string said = message_of([&] { read(row, file, content); });
    for (std::size_t at = said.find(folder_.path()); at != std::string::npos; at = said.find(folder_.path())) {
      said.erase(at, folder_.path().size() + 1);
    }
    return said;
  }

  TemporaryFolder folder_;
};

TEST_F(ReadExamples, OfJsonLines) {
  const auto examples =
      read("boolq", "val.jsonl",
           "\xEF\xBB\xBF{\"question\": \"is it\", \"passage\": \"A \\\"b\\\" caf\\u00e9\", \"idx\": 0, "
           "\"label\": true}\r\n\n"
           "{\"label\": false, \"passage\": \"\", \"question\": \"q\", \"extra\": {\"a\": [1]}}");
  ASSERT_EQ(examples.size(), 2U);
  EXPECT_EQ(examples[0].fields,
            (std::map<std::string, std::string>{{"passage", "A \"b\" café"}, {"question", "is it"}}));
  EXPECT_EQ(examples[0].label, 1);
  EXPECT_EQ(examples[0].place, folder_ / "val.jsonl" + ":1");
  EXPECT_EQ(examples[1].label, 0);
  EXPECT_EQ(examples[1].place, folder_ / "val.jsonl" + ":3");
}

TEST_F(ReadExamples, OfCluesFiles) {
  const auto pairs = read("ocnli", "train.3k.json",
                          "{\"sentence1\":\"a\",\"sentence2\":\"b\",\"label\":\"-\",\"label0\":null}\n"
                          "{\"sentence1\":\"c\",\"sentence2\":\"d\",\"label\":\"neutral\",\"label0\":null}\n");
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].label, 1);
  EXPECT_EQ(pairs[0].fields.at("sentence2"), "d");
  const auto abstracts = read("csl", "train_0.json",
                              "{\"id\": 0, \"abst\": \"文\", \"keyword\": [\"数据\", \"近似\"], \"label\": \"1\"}\n");
  EXPECT_EQ(abstracts.at(0).fields.at("keyword"), "数据, 近似");
  EXPECT_EQ(abstracts[0].label, 1);
  const auto stars = read("amazon-zh", "a.json",
                          "{\"review_body\": \"x\", \"stars\": 5}\n{\"review_body\": \"x\", \"stars\": \"1\"}\n");
  EXPECT_EQ(stars.at(0).label, 4);
  EXPECT_EQ(stars.at(1).label, 0);
}

TEST_F(ReadExamples, OfChoices) {
  const auto poems = read("ccpm", "valid.jsonl",
                          "{\"translation\": \"t\", \"choices\": [\"a\", \"b\", \"c\", \"d\"], \"answer\": 3}\n"
                          "{\"translation\": \"t\", \"choices\": [\"a\", \"b\"], \"answer\": \"B\"}\n"
                          "{\"translation\": \"t\", \"choices\": [\"a\", \"b\"], \"answer\": \"0\"}\n");
  ASSERT_EQ(poems.size(), 3U);
  EXPECT_EQ(poems[0].options, (Texts{"a", "b", "c", "d"}));
  EXPECT_EQ(poems[0].label, 3);
  EXPECT_EQ(poems[1].label, 1);
  EXPECT_EQ(poems[2].label, 0);
}

TEST_F(ReadExamples, OfTabs) {
  const auto films = read("sst2", "test.tsv", "sentence\tlabel\nit 's \"good \t1\n\nbleak\t0\n");
  ASSERT_EQ(films.size(), 2U);
  EXPECT_EQ(films[0].fields.at("sentence"), "it 's \"good ");
  EXPECT_EQ(films[0].label, 1);
  EXPECT_EQ(films[1].place, folder_ / "test.tsv" + ":4");
  const auto reviews = read("chnsent", "dev.tsv", "qid\tlabel\ttext_a\n7\t1\t好\n");
  EXPECT_EQ(reviews.at(0).fields, (std::map<std::string, std::string>{{"text_a", "好"}}));
  for (const std::string first : {"", "sentence1\tsentence2\tlabel\n"}) {
    const auto pairs = read("lcqmc", "train.txt", first + "a\tb\t0\nc\td\t1\n");
    ASSERT_EQ(pairs.size(), 2U);
    EXPECT_EQ(pairs[0].fields.at("sentence1"), "a");
    EXPECT_EQ(pairs[1].label, 1);
  }
}

TEST_F(ReadExamples, OfRacesArticles) {
  const std::string folder = folder_ / "test/middle";
  std::filesystem::create_directories(folder);
  write_file(
      folder + "/middle2.txt",
      "{\"answers\": [\"D\"], \"options\": [[\"a\", \"b\", \"c\", \"d\"]], \"questions\": [\"q3\"], \"article\": "
      "\"Two.\\nLines.\", \"id\": \"middle2.txt\"}");
  write_file(folder + "/middle1.txt",
             "{\"answers\": [\"A\", \"B\"],\n \"options\": [[\"a\", \"b\"], [\"c\", \"d\"]],\n \"questions\": [\"q1\", "
             "\"q2\"], \"article\": \"One.\"}\n");
  write_file(folder + "/README", "no article");
  const TaskRow row = shipped_row("race-m");
  const auto examples = read_split(row, folder_.path(), row.test);
  ASSERT_EQ(examples.size(), 3U);
  EXPECT_EQ(examples[1].fields, (std::map<std::string, std::string>{{"article", "One."}, {"question", "q2"}}));
  EXPECT_EQ(examples[1].options, (Texts{"c", "d"}));
  EXPECT_EQ(examples[1].label, 1);
  EXPECT_EQ(examples[1].place, folder + "/middle1.txt question 2");
  EXPECT_EQ(examples[2].label, 3);
  EXPECT_EQ(examples[2].fields.at("article"), "Two.\nLines.");
}

TEST_F(ReadExamples, OfC3) {
  const std::string m =
      "[[[\"段一\", \"段二\"], [{\"question\": \"q1\", \"choice\": [\"1\", \"0\"], \"answer\": \"0\"},\n"
      " {\"question\": \"q2\", \"choice\": [\"c\", \"d\", \"e\"], \"answer\": \"c\"}], \"1\"]]";
  write_file(folder_ / "c3-m-train.json", m);
  write_file(folder_ / "c3-d-train.json",
             "[[[\"x\"], [{\"question\": \"q3\", \"choice\": [\"y\", \"z\"], \"answer\": \"z\"}], 2]]");
  const TaskRow row = shipped_row("c3");
  const auto examples = read_split(row, folder_.path(), row.train);
  ASSERT_EQ(examples.size(), 3U);
  EXPECT_EQ(examples[0].fields, (std::map<std::string, std::string>{{"passage", "段一 段二"}, {"question", "q1"}}));
  EXPECT_EQ(examples[0].label, 1);  // the option's text, not its place
  EXPECT_EQ(examples[1].label, 0);
  EXPECT_EQ(examples[2].options, (Texts{"y", "z"}));
  EXPECT_EQ(examples[1].place, folder_ / "c3-m-train.json" + " item 1 question 2");
}

TEST_F(ReadExamples, SaysWhatIsWrongInALine) {
  EXPECT_EQ(message("boolq", "a.jsonl",
                    "{\"question\": \"q\", \"passage\": \"p\", \"label\": true}\n"
                    "{\"question\": \"q\", \"passage\": \"p\", \"label\": \"maybe\"}\n"),
            "a.jsonl:2: field 'label' is 'maybe', none of the labels of row 'boolq': false, true");
  EXPECT_EQ(message("boolq", "a.jsonl", "{\"question\": \"q\", \"label\": true}\n"),
            "a.jsonl:1: field 'passage' is missing; is this another set's file, or one without labels?");
  EXPECT_EQ(message("boolq", "a.jsonl", "{\"question\": \"q\", \"passage\": \"p\"}\n"),
            "a.jsonl:1: field 'label' is missing; is this another set's file, or one without labels?");
  EXPECT_EQ(message("boolq", "a.jsonl", "{\"question\": \"q\", \"passage\": null, \"label\": true}\n"),
            "a.jsonl:1: field 'passage' is null, not a text");
  EXPECT_EQ(message("boolq", "a.jsonl", "{\"question\": [[\"q\"]], \"passage\": \"\", \"label\": true}\n"),
            "a.jsonl:1: field 'question' is a list of lists, not of texts");
  EXPECT_EQ(message("boolq", "a.jsonl", "{\"question\": \"q\", \"passage\": \"p\", \"label\": [true]}\n"),
            "a.jsonl:1: field 'label' is array, not a label");
  EXPECT_EQ(message("boolq", "a.jsonl", " \n"), "a.jsonl: holds no example of row 'boolq'");
  EXPECT_EQ(message("boolq", "a.jsonl", "\n{\"question\""),
            "a.jsonl:2: not valid JSON at byte 11: it ends before all brackets are closed");
  EXPECT_EQ(message("boolq", "a.jsonl", "[1]\n"), "a.jsonl:1: expected a JSON object, got array");
  EXPECT_EQ(message("boolq", "a.jsonl", "{\"label\": true, \"label\": false}\n"), "a.jsonl:1: \"label\" stands twice");
  EXPECT_EQ(message("boolq", "a.jsonl", "{\"x\":" + std::string(20, '[') + "1" + std::string(20, ']') + "}\n"),
            "a.jsonl:1: JSON nested more than 16 deep");
  EXPECT_EQ(message("boolq", "a.jsonl", std::string((1 << 22) + 1, 'x')),
            "a.jsonl:1: the line has more than 4194304 bytes; is it another format's file?");
  EXPECT_NE(message("boolq", "a.jsonl", "{\"question\": \"\xff\", \"passage\": \"p\", \"label\": true}\n")
                .find("a.jsonl:1: not valid JSON"),
            std::string::npos);
  EXPECT_NE(message("boolq", "a.jsonl.gz", "no gzip").find("a.jsonl.gz:"), std::string::npos);
  EXPECT_NE(
      message_of([] { read_examples(shipped_row("boolq"), "/nonexistent/a.jsonl"); }).find("/nonexistent/a.jsonl"),
      std::string::npos);
}

TEST_F(ReadExamples, SaysWhatIsWrongAmongTabs) {
  EXPECT_EQ(
      message("sst2", "a.tsv", "index\tsentence\n0\tx\n"),
      "a.tsv:1: there is no column 'label' among index, sentence; is this another set's file, or one without labels?");
  EXPECT_EQ(message("sst2", "a.tsv", "sentence\tlabel\nx\t1\ty\n"),
            "a.tsv:2: 3 columns between tabs, but the names are 2");
  EXPECT_EQ(message("sst2", "a.tsv", "sentence\tlabel\nx\t2\n"),
            "a.tsv:2: field 'label' is '2', none of the labels of row 'sst2': 0, 1");
  EXPECT_EQ(message("sst2", "a.tsv", "sentence\tlabel\n\xff\t1\n"),
            "a.tsv:2: byte 1 of the line (0xff) is no UTF-8; convert the file to UTF-8");
  EXPECT_EQ(message("sst2", "a.tsv", "sentence\tlabel\n"), "a.tsv: holds no example of row 'sst2'");
}

TEST_F(ReadExamples, SaysWhatIsWrongWithChoices) {
  const auto poem = [&](const std::string& choices, const std::string& answer) {
    return message("ccpm", "a.jsonl",
                   "{\"translation\": \"t\", \"choices\": " + choices + ", \"answer\": " + answer + "}\n");
  };
  EXPECT_EQ(poem("[\"a\", \"b\"]", "2"),
            "a.jsonl:1: field 'answer' is '2', no position among 2 options (0 to 1, or A to B)");
  EXPECT_NE(poem("[\"a\", \"b\"]", "-1").find("'-1', no position"), std::string::npos);
  EXPECT_NE(poem("[\"a\", \"b\"]", "\"\"").find("'', no position"), std::string::npos);
  EXPECT_NE(poem("[\"a\", \"b\"]", "18446744073709551615").find("no position"), std::string::npos);
  EXPECT_EQ(poem("[\"a\", \"b\"]", "true"), "a.jsonl:1: field 'answer' is boolean, not an answer");
  EXPECT_EQ(poem("[\"a\"]", "0"), "a.jsonl:1: field 'choices' has 1 options; 2 to 16 are read");
  EXPECT_EQ(poem("\"a\"", "0"), "a.jsonl:1: field 'choices' is string, not a list of options");
  EXPECT_EQ(poem("[[\"a\"], \"b\"]", "0"), "a.jsonl:1: field 'choices' holds a list, not the text of an option");
  EXPECT_EQ(
      message("c3", "a.json", "[[[\"p\"], [{\"question\": \"q\", \"choice\": [\"a\", \"b\"], \"answer\": \"c\"}]]]"),
      "a.json item 1 question 1: field 'answer' is 'c', none of the options: a, b");
  EXPECT_EQ(message("c3", "a.json", "[[\"p\", []]]"),
            "a.json item 1: is no [[paragraphs], [questions], id], as C3 has it");
  EXPECT_EQ(message("c3", "a.json", "[[[\"p\"], [3]]]"), "a.json item 1 question 1: is number, not an object");
  EXPECT_EQ(message("c3", "a.json", "{\"a\": 1}"), "a.json: expected a JSON array, got object");
  EXPECT_EQ(message("c3", "a.json", "[]"), "a.json: holds no example of row 'c3'");
}

TEST_F(ReadExamples, SaysWhatIsWrongWithArticles) {
  const std::string middle = folder_ / "train";
  const auto article = [&](const std::string& content) {
    std::filesystem::create_directories(middle);
    write_file(middle + "/a.txt", content);
    const std::string said = message_of([&] { read_examples(shipped_row("race-m"), middle); });
    return said.substr(std::min(said.size(), folder_.path().size() + 1));
  };
  EXPECT_EQ(article("{\"article\": \"x\", \"questions\": [\"q\"], \"options\": [], \"answers\": [\"A\"]}"),
            "train/a.txt: 'questions', 'options' and 'answers' must be lists of one length");
  EXPECT_EQ(
      article("{\"article\": \"x\", \"questions\": [\"q\"], \"options\": [[\"a\", \"b\"]], \"answers\": [\"C\"]}"),
      "train/a.txt question 1: field 'answers' is 'C', no position among 2 options (0 to 1, or A to B)");
  EXPECT_NE(article("{}").find("field 'article' is missing"), std::string::npos);
  EXPECT_NE(message("race-m", "file", "x").find("file: cannot be read as a folder of RACE's articles"),
            std::string::npos);
}

TEST_F(ReadExamples, OfASplitNamesItsFiles) {
  EXPECT_NE(message_of([&] { read_split(shipped_row("c3"), folder_.path(), "a.json, "); }).find("a.json"),
            std::string::npos);
  write_file(folder_ / "b.json",
             "[[[\"x\"], [{\"question\": \"q\", \"choice\": [\"y\", \"z\"], \"answer\": \"z\"}], 2]]");
  EXPECT_EQ(message_of([&] { read_split(shipped_row("c3"), folder_.path(), "b.json, "); }),
            "row 'c3': 'b.json, ' names no file between its commas");
}

}  // namespace
}  // namespace prelude::test
