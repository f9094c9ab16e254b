// Bad input: each kind stops the build with a line that names the file and the line, or is left out and counted.
#include <gtest/gtest.h>

#include "tasks/corpus/build.h"
#include "tasks/corpus/corpus.h"
#include "tests/core/io/compress.h"
#include "tests/tasks/corpus/build_fixture.h"

namespace prelude {
namespace {

using test::error_of;
using test::small_build;
using test::TemporaryFolder;
using test::write_file;

struct BadInput {
  std::string name;  // of the case
  std::string file;
  std::string content;  // two good documents and one thing that is wrong
  ProblemKind kind;
  std::string message;  // after the file's path
  std::int64_t documents = 2;
};

std::vector<BadInput> bad_inputs() {
  const std::string good = "{\"text\": \"A good line.\"}\n";
  const std::string packed = test::gzip(good + good);
  return {
      {"Utf8InText", "a.txt", "Good one.\n\nFine.\nBad \xFF.\n\nGood two.\n", ProblemKind::bad_utf8,
       ":4: byte 5 of the line (0xff) is no UTF-8; convert the file to UTF-8"},
      {"Utf8InJson", "a.jsonl", good + "{\"text\": \"caf\xC3\"}\n" + good, ProblemKind::bad_utf8,
       ":2: byte 14 of the line (0xc3) is no UTF-8; convert the file to UTF-8"},
      {"NoJson", "a.jsonl", good + good + "{\"text\": \"cut\n", ProblemKind::bad_json,
       ":3: byte 13 of the line is no JSON: it ends inside a text in quotes"},
      {"NoObject", "a.jsonl", good + "[1, 2]\n" + good, ProblemKind::bad_json,
       ":2: a JSON object is wanted, not array"},
      {"Deep", "a.jsonl", good + std::string(100000, '[') + "\n" + good, ProblemKind::bad_json,
       ":2: JSON nested more than 200 deep"},
      {"NoField", "a.jsonl", good + "{\"txet\": \"x\"}\n" + good, ProblemKind::missing_field,
       ":2: there is no field 'text'; name the right one with --text-field"},
      {"WrongType", "a.jsonl", good + "{\"text\": 7}\n" + good, ProblemKind::bad_field,
       ":2: field 'text' must be a text, not number"},
      {"LongJsonLine", "a.jsonl", good + "{\"text\": \"" + std::string(5000, 'x') + "\"}\n" + good,
       ProblemKind::long_line, ":2: the line has more than 1000 bytes; split it or raise --max-line-bytes"},
      {"LongTextLine", "a.txt", "Good one.\n\nFine.\n" + std::string(5000, 'x') + "\nFine.\n\nGood two.\n",
       ProblemKind::long_line, ":4: the line has more than 1000 bytes; split it or raise --max-line-bytes"},
      {"LongDocument", "a.txt",
       "Good one.\n\n" + std::string(500, 'x') + "\n" + std::string(600, 'x') + "\n" + std::string(600, 'x') +
           "\nz\n\nGood two.\n",
       ProblemKind::long_document, ":3: the document has more than 1500 bytes; end it by a blank line or raise "},
      {"CutGzip", "a.jsonl.gz", packed.substr(0, packed.size() - 6), ProblemKind::damaged_file,
       ":3: the gzip stream is truncated; fetch or pack the file again"},
      {"NoZstd", "a.jsonl.zst", good, ProblemKind::damaged_file, ":1: the zstd stream is damaged (", 0},
      {"Empty", "a.txt", "", ProblemKind::empty_file, ": holds no document; remove it", 0},
      {"Blank", "a.jsonl", "\n \n\n", ProblemKind::empty_file, ": holds no document; remove it", 0},
      {"OtherFile", "a.pdf", "x", ProblemKind::unknown_file,
       ": is neither .txt, .jsonl, .csv nor .tsv (perhaps with .gz or .zst); name its format with --format, or remove "
       "it",
       0},
  };
}

class BadInputTest : public testing::TestWithParam<BadInput> {
 protected:
  BadInputTest() {
    write_file(folder_ / GetParam().file, GetParam().content);
    write_file(folder_ / "good.txt", "A last good line.\n");
    options_ = small_build(folder_, folder_ / GetParam().file);
    options_.inputs.push_back(folder_ / "good.txt");
    options_.max_line_bytes = GetParam().name == "Deep" ? 1 << 20 : 1000;
    options_.max_document_bytes = 1500;
  }

  TemporaryFolder folder_;
  BuildOptions options_;
};

TEST_P(BadInputTest, Stops) {
  const std::string message = error_of(options_);
  EXPECT_EQ(message.find(folder_ / GetParam().file + GetParam().message), 0U) << message;
  EXPECT_NE(message.find("--on-error skip"), std::string::npos);
  EXPECT_EQ(message.find('\n'), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/corpus.json"));
}

TEST_P(BadInputTest, IsLeftOutAndCounted) {
  options_.skip_errors = true;
  std::vector<InputProblem> problems;
  const BuildResult result =
      build_corpus(options_, {.left_out = [&](const InputProblem& problem) { problems.push_back(problem); }});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].message.find(folder_ / GetParam().file + GetParam().message), 0U) << problems[0].message;
  EXPECT_EQ(problems[0].kind, GetParam().kind);
  EXPECT_EQ(result.problems.of(GetParam().kind), 1);
  EXPECT_EQ(result.problems.total(), 1);
  EXPECT_EQ(Corpus::open(options_.output).documents(), GetParam().documents + 1);
  EXPECT_EQ(result.problems.summary(), std::string("1 left out: 1 ") + name_of(GetParam().kind));
}

INSTANTIATE_TEST_SUITE_P(Kinds, BadInputTest, testing::ValuesIn(bad_inputs()),
                         [](const auto& bad) { return bad.param.name; });

std::string label_error(const std::string& fields) {
  const TemporaryFolder folder;
  write_file(folder / "a.jsonl", "{\"text\": \"One.\", " + fields + "}\n");
  BuildOptions options = small_build(folder, folder / "a.jsonl");
  options.labels = true;
  return error_of(options);
}

TEST(BadLabelTest, NamesTheField) {
  for (const char* bad :
       {"\"label\": \"x\"", "\"label\": 1.5", "\"label\": 128", "\"label\": -2", "\"label\": 1e400"}) {
    EXPECT_NE(label_error(bad).find("a.jsonl:1: "), std::string::npos) << bad;
  }
  EXPECT_NE(label_error("\"label\": 300").find("field 'label' must be a whole number between -1 and 127"),
            std::string::npos);
  for (const char* bad : {"1.5", "-0.1", "\"x\"", "[]"}) {
    const std::string message = label_error(std::string("\"label\": 1, \"confidence\": ") + bad);
    EXPECT_NE(message.find("field 'confidence' must be a number between 0 and 1"), std::string::npos) << message;
  }
}

TEST(BadBuildTest, RefusesWhatCannotBe) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "Some text here.\n");
  const BuildOptions good = small_build(folder, folder / "a.txt");
  const auto error_with = [&](const auto& change) {
    BuildOptions options = good;
    change(options);
    return error_of(options);
  };
  EXPECT_EQ(error_with([](auto& o) { o.inputs = {"/no/such"}; }), "there is no file or folder '/no/such'");
  EXPECT_NE(error_with([](auto& o) { o.inputs = {}; }).find("no input is given"), std::string::npos);
  EXPECT_NE(error_with([](auto& o) { o.inputs.push_back(o.inputs[0]); }).find("is given twice"), std::string::npos);
  EXPECT_NE(error_with([](auto& o) { o.tokenizer = "/no/model"; }).find("/no/model"), std::string::npos);
  EXPECT_NE(error_with([](auto& o) { o.shard_tokens = 0; }).find("--shard-tokens must be between 1"),
            std::string::npos);
  EXPECT_NE(error_with([](auto& o) { o.min_sentence_tokens = 1000; }).find("no document is left of 1 read"),
            std::string::npos);
  EXPECT_NE(error_with([&](auto& o) { o.output = folder / "a.txt"; }).find("is not a folder"), std::string::npos);
  EXPECT_NE(error_with([&](auto& o) { o.output = folder.path(); }).find("which stays as it is"), std::string::npos);
  std::filesystem::create_directories(folder / "empty");
  EXPECT_NE(error_with([&](auto& o) { o.inputs = {folder / "empty"}; }).find("holds no files"), std::string::npos);
}

}  // namespace
}  // namespace prelude
