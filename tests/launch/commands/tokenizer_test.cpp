// `prelude tokenizer train`, `encode` and `decode` as a user types them.
#include <gtest/gtest.h>

#include "core/text/tokenizer.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

const std::string kBooks = PRELUDE_SOURCE_DIR "/data/text/books-small.jsonl.gz";

std::vector<std::string> train(const std::string& input, const std::string& output, const std::string& vocabulary,
                               const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{"tokenizer", "train", "--input",      input,
                                     "--output",  output,  "--vocabulary", vocabulary};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(TokenizerTrainCommand, MakesTheSameModelThatACorpusTakes) {
  const TemporaryFolder folder;
  const std::vector<std::string> sample{"--max-sentences", "2000", "--seed", "3"};
  const ProgramResult result = run_program(train(kBooks, folder / "a/new", "600", sample));
  ASSERT_EQ(result.code, 0) << result.errors;
  EXPECT_EQ(result.output, fmt::format("{}: 600 pieces, 700 ids with the 100 sentinels; nothing left out\n",
                                       folder / "a/new/spiece.model"));
  EXPECT_NE(result.errors.find("learning 600 pieces from 2000 of "), std::string::npos) << result.errors;
  EXPECT_EQ(run_program(train(kBooks, folder / "b", "600", sample)).code, 0);
  const std::string model = read_file(folder / "a/new/spiece.model");
  EXPECT_TRUE(model == read_file(folder / "b/spiece.model"));
  EXPECT_EQ(run_program(train(kBooks, folder / "c", "600", {"--max-sentences", "2000", "--seed", "4"})).code, 0);
  EXPECT_FALSE(model == read_file(folder / "c/spiece.model"));

  const ProgramResult built = run_program(
      {"corpus", "build", "--input", kBooks, "--tokenizer", folder / "b/spiece.model", "--output", folder / "corpus"});
  EXPECT_EQ(built.code, 0) << built.errors;
  const auto entries = std::filesystem::directory_iterator(folder / "b");
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST(TokenizerCommands, EncodeAndDecodeWithAFoldersFiles) {
  Workshop shop;
  const std::string folder = shop.folder("t5");
  std::filesystem::copy_file(Workshop::tokenizer(), folder + "/spiece.model");
  shop.file("t5/tokenizer_config.json", R"({"extra_ids": 28})");
  shop.file("t5/added_tokens.json", R"({"<spot>": 32028})");
  const std::string texts = shop.file("texts.txt", "<extra_id_0> yes\na <spot>b\n");
  const ProgramResult encoded = run_program({"tokenizer", "encode", "--tokenizer", folder, "--input", texts});
  EXPECT_EQ(encoded.output, "[32027,4273]\n[3,9,32028,3,115]\n") << encoded.errors;
  const std::string ids = shop.file("ids.jsonl", encoded.output);
  const ProgramResult decoded = run_program({"tokenizer", "decode", "--tokenizer", folder, "--input", ids});
  EXPECT_EQ(decoded.output, "\"<extra_id_0> yes\"\n\"a<spot> b\"\n") << decoded.errors;
  const ProgramResult alone =
      run_program({"tokenizer", "encode", "--tokenizer", Workshop::tokenizer(), "--input", texts});
  EXPECT_EQ(alone.output, "[32099,4273]\n[3,9,3,2,7,3013,3155,115]\n") << alone.errors;
}

TEST(TokenizerCommands, SayWhatIsWrong) {
  Workshop shop;
  const auto decode = [&](const std::string& name, const std::string& line) {
    return std::vector<std::string>{"tokenizer",           "decode",  "--tokenizer",
                                    Workshop::tokenizer(), "--input", shop.file(name, line)};
  };
  expect_mistakes({
      {"an id above all", decode("above.jsonl", "[32100]\n"), {"above.jsonl:1", "32100 is no id", "0 to 32099"}},
      {"a negative id", decode("negative.jsonl", "[5, -1]\n"), {"negative.jsonl:1", "-1 is no id"}},
      {"no list", decode("number.jsonl", "7\n"), {"number.jsonl:1", "JSON array"}},
  });
}

TEST(TokenizerTrainCommand, SaysWhatIsWrong) {
  Workshop shop;
  shop.folder("full");
  shop.file("full/spiece.model", "x");
  shop.file("file", "x");
  const std::string output = shop.path("t");
  expect_mistakes({
      {"no such file", train(shop.path("none.txt"), output, "50"), {"no file or folder", "none.txt"}},
      {"no text", train(shop.file("blank.txt", " \n\n"), output, "50"), {"blank.txt", "holds no document"}},
      {"empty texts", train(shop.file("empty.jsonl", "{\"text\": \"\"}\n"), output, "50"), {"no text in the input"}},
      {"a model that is there",
       train(shop.text(), shop.path("full"), "50"),
       {"full' holds a tokenizer, which stays as it is"}},
      {"a file as folder", train(shop.text(), shop.path("file"), "50"), {"file", "is not a folder"}},
      {"too many pieces", train(shop.text(), output, "90000"), {"--vocabulary 90000", "largest that works is "}},
      {"too few pieces", train(shop.text(), output, "5"), {"--vocabulary 5", "need "}},
      {"bad JSON", train(shop.file("bad.jsonl", "{\n"), output, "50"), {"bad.jsonl:1: ", "JSON", "--on-error skip"}},
      {"a coverage over 1", train(shop.text(), output, "50", {"--character-coverage", "2"}), {"--character-coverage"}},
      {"a full disk", train(shop.text(), output, "50"), {"spiece.model"}, 10000},
  });
  EXPECT_FALSE(std::filesystem::exists(output + "/spiece.model"));
  EXPECT_FALSE(std::filesystem::exists(output + "/.spiece.model.prelude-new"));
}

}  // namespace
}  // namespace prelude::test
