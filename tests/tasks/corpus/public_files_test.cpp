// Text as it is published, in every format that a corpus is built from.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tasks/corpus/corpus.h"
#include "tasks/corpus/document_reader.h"
#include "tasks/corpus/document_text.h"
#include "tasks/corpus/losses.h"
#include "tests/core/io/compress.h"
#include "tests/tasks/corpus/build_fixture.h"

namespace prelude {
namespace {

using namespace test;

struct Read {
  std::vector<std::string> texts;
  std::vector<std::string> problems;
};

class PublicFiles : public testing::Test {
 protected:
  // The documents of one file, read as `format`.
  Read read(const std::string& name, const std::string& content, const std::string& format = "auto") {
    write_file(folder_ / name, content);
    BuildOptions options = options_;
    options.format = format;
    const InputFiles files = list_input_files({folder_ / name}, format);
    DocumentReader reader(options, files.files);
    Read result;
    while (std::optional<RawDocument> raw = reader.next()) {
      const DocumentText text = document_text(*std::move(raw), options);
      if (text.problem) {
        std::string message = text.problem->message;
        message.erase(0, folder_.path().size() + 1);
        result.problems.push_back(message);
      } else {
        result.texts.push_back(text.label < 0 ? text.text : fmt::format("{}|{}", text.text, text.label));
      }
    }
    return result;
  }

  TemporaryFolder folder_;
  BuildOptions options_;
};

using Texts = std::vector<std::string>;

TEST_F(PublicFiles, LinesAreDocuments) {
  const Read found = read("a.txt", "One.\n\nTwo.\r\n", "lines");
  EXPECT_EQ(found.texts, (Texts{"One.", "Two."}));
}

TEST_F(PublicFiles, PptsRawText) {
  const Read found = read("openwebtext", "One.<@x(x!>Two.<@x(x!>Three.\n\nFour.\n");
  EXPECT_EQ(found.texts, (Texts{"One.\nTwo.\nThree.\n", "Four.\n"}));
}

TEST_F(PublicFiles, WikiExtractorsBlocks) {
  const Read found =
      read("wiki_00",
           "<doc id=\"12\" url=\"u\" title=\"Anarchism\">\nAnarchism\n\nA political philosophy.\n\n</doc>\n"
           "\n<doc id=\"13\" title=\"B\">\nB\n</doc>\n");
  EXPECT_EQ(found.texts, (Texts{"Anarchism\n\nA political philosophy.\n\n", "B\n"}));
  EXPECT_TRUE(found.problems.empty());
  const Read broken =
      read("wiki_01", "<doc id=\"1\">\nA\n</doc>\nstray\n<doc id=\"2\">\nB\n</doc>\n<doc id=\"3\">\nC\n");
  EXPECT_EQ(broken.texts, (Texts{"A\n"}));
  EXPECT_EQ(broken.problems, (Texts{"wiki_01:4: text stands outside of <doc ...> and </doc>",
                                    "wiki_01:8: the file ends before </doc>; fetch or make it again"}));
}

TEST_F(PublicFiles, JsonLinesUnderAnyName) {
  const std::string lines = "{\"text\": \"One.\", \"timestamp\": \"t\"}\n{\"text\": \"Two.\"}\n";
  for (const char* name : {"c4-train.00000-of-01024.json.gz", "part-00000.gz"}) {
    EXPECT_EQ(read(name, gzip(lines)).texts, (Texts{"One.", "Two."})) << name;
  }
  EXPECT_EQ(read("tnews.json", lines).texts, (Texts{"One.", "Two."}));
  const Read list = read("list.json", "[{\"text\": \"One.\"}]");
  ASSERT_EQ(list.problems.size(), 1U);
  EXPECT_NE(list.problems[0].find("list.json: is one JSON array"), std::string::npos);
}

TEST_F(PublicFiles, Tables) {
  const std::string csv = "id,text,label\r\n1,\"Plain, \"\"quoted\"\".\nTwo lines.\",3\r\n2,Bare.,\r\n";
  EXPECT_EQ(read("a.csv", csv).texts, (Texts{"Plain, \"quoted\".\nTwo lines.", "Bare."}));
  EXPECT_EQ(read("a.tsv", "id\ttext\n1\tHe said \"no\".\n").texts, (Texts{"He said \"no\"."}));
  EXPECT_EQ(read("b.tsv", "id\ttext\n1\t\"He said \"\"no\"\".\"\n").texts, (Texts{"He said \"no\"."}));
  options_.labels = true;
  EXPECT_EQ(read("a.csv", csv).texts, (Texts{"Plain, \"quoted\".\nTwo lines.|3", "Bare."}));
  EXPECT_EQ(read("bad.csv", "text,label\nx,many\n").problems,
            (Texts{"bad.csv:2: field 'label' must be a whole number between -1 and 127"}));
}

TEST_F(PublicFiles, TablesSayWhatIsWrong) {
  EXPECT_EQ(read("a.csv", "id,body\n1,x\n").problems,
            (Texts{"a.csv:1: there is no column 'text' among id, body; name the right one with --text-field"}));
  const Read broken = read("b.csv", "id,text\n1,x,y\n2,\"x\" y\n3,good\n");
  EXPECT_EQ(broken.texts, (Texts{"good"}));
  EXPECT_EQ(broken.problems,
            (Texts{"b.csv:2: the record has 3 columns, but the names are 2",
                   "b.csv:3: text stands behind the closing quote of column 2; a quote inside quotes is doubled"}));
  EXPECT_EQ(read("c.csv", "id,text\n").problems, (Texts{"c.csv: holds no document; remove it"}));
  const Read both = read("d.tsv", "id\ttext\n1\t\"a \"\"b\"\"\"\n2\t\"a\" b\n");
  ASSERT_EQ(both.problems.size(), 1U);
  EXPECT_NE(both.problems[0].find("d.tsv:3: a cell begins with a quote that does not end it, but line 2"),
            std::string::npos);
}

TEST_F(PublicFiles, TextThatIsNoUtf8IsNamed) {
  const std::string utf16 = std::string("\xFF\xFEH\0i\0\n\0", 8);
  for (const char* name : {"a.txt", "a.jsonl", "a.csv", "a.tsv", "a"}) {
    const Read found = read(name, utf16);
    ASSERT_EQ(found.problems.size(), 1U) << name;
    EXPECT_EQ(found.problems[0], fmt::format("{}:1: the text is UTF-16; convert it: iconv -f UTF-16 -t UTF-8", name));
  }
  EXPECT_EQ(read("b.txt", std::string("good\n\nH\0i\0\n", 11)).problems,
            (Texts{"b.txt:3: byte 2 of the line is zero; is the file UTF-16, or no text?"}));
  EXPECT_EQ(read("c.txt", "good\nbad \xE9\n").problems,
            (Texts{"c.txt:2: byte 5 of the line (0xe9) is no UTF-8; convert the file to UTF-8"}));
}

// The last line of a build, and its warnings.
TEST_F(PublicFiles, WhatFiltersAndTokenizerLoseIsTold) {
  write_file(folder_ / "a.txt",
             "One good sentence with enough words in it.\nShort.\n\nTiny.\n\n文字文字文字文字文字文字 good words and "
             "more of them.\n");
  BuildOptions options = small_build(folder_, folder_ / "a.txt");
  options.min_sentence_tokens = 5;
  options.min_sentence_chars = 10;
  const BuildResult result = build_corpus(options);
  EXPECT_EQ(result.manifest.dropped.documents_few_sentences, 1);
  EXPECT_EQ(result.manifest.dropped.sentences_few_chars, 2);
  ASSERT_TRUE(result.manifest.unknown_tokens.has_value());
  EXPECT_GE(*result.manifest.unknown_tokens, 1);
  const std::string told = describe_losses(result.manifest, result.problems);
  EXPECT_EQ(told.find("the filters dropped 1 of 3 documents and 2 of 4 sentences; <unk> are "), 0U) << told;
  EXPECT_EQ(told.find("nothing left out"), std::string::npos);
  EXPECT_EQ(Corpus::open(options.output).manifest().unknown_tokens, result.manifest.unknown_tokens);
}

TEST_F(PublicFiles, LargeLossesAreWarnedOf) {
  Manifest manifest;
  manifest.shards = {{"", 20, 20, 400, 0, ""}};
  manifest.unknown_tokens = 20;
  manifest.dropped.sentences_few_tokens = 20;
  manifest.dropped.documents_few_sentences = 20;
  EXPECT_TRUE(warnings_of_losses(manifest).empty());
  manifest.unknown_tokens = 21;
  ASSERT_EQ(warnings_of_losses(manifest).size(), 1U);
  EXPECT_EQ(warnings_of_losses(manifest)[0].find("5 % of the tokens are <unk>"), 0U);
  manifest.unknown_tokens.reset();
  manifest.dropped.documents_few_sentences = 40;
  manifest.dropped.sentences_of_those = 80;
  ASSERT_EQ(warnings_of_losses(manifest).size(), 1U);
  EXPECT_EQ(warnings_of_losses(manifest)[0].find("the filters dropped 67 % of the documents and 83 % of the sentences"),
            0U);
  manifest = {};
  manifest.shards = {{"", 20, 20, 400, 0, ""}};
  manifest.unknown_tokens = 0;
  EXPECT_EQ(describe_losses(manifest, {}), "nothing left out");
}

// A build resumed, or of an older program's record, counts as one that ran through.
TEST_F(PublicFiles, LossesSurviveAnInterruption) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += fmt::format("A sentence of words {} 文字.\nNo.\n\n", i);
  write_file(folder_ / "a.txt", text);
  BuildOptions options = small_build(folder_, folder_ / "a.txt");
  options.min_sentence_chars = 10;
  options.shard_tokens = 60;
  const Manifest whole = build_corpus(options).manifest;
  options.output = folder_ / "stopped";
  int documents = 0;
  const BuildResult stopped = build_corpus(options, {.stop = [&] { return ++documents == 25; }});
  EXPECT_EQ(stopped.end, BuildResult::End::stopped);
  const Manifest resumed = build_corpus(options).manifest;
  EXPECT_EQ(resumed.unknown_tokens, whole.unknown_tokens);
  EXPECT_GT(*whole.unknown_tokens, 0);
  EXPECT_EQ(resumed.dropped, whole.dropped);
}

}  // namespace
}  // namespace prelude
