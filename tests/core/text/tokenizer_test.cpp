#include "core/text/tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/error.h"
#include "core/io/checksum.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

const std::string kModel = PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model";
const std::string kGolden = PRELUDE_SOURCE_DIR "/tests/data/tokenizer/t5_golden.jsonl";

struct Golden {
  std::string text;
  std::vector<std::int32_t> ids;
};

// Texts and their ids from Hugging Face's tokenizer (scripts/check-tokenizer --golden).
std::vector<Golden> golden() {
  std::vector<Golden> result;
  std::ifstream lines(kGolden);
  for (std::string line; std::getline(lines, line);) {
    const auto row = nlohmann::json::parse(line);
    result.push_back({row.at("text").get<std::string>(), row.at("ids").get<std::vector<std::int32_t>>()});
  }
  return result;
}

// T5's model in a folder of its own, as transformers reads it.
std::string t5_folder(const test::TemporaryFolder& folder) {
  std::filesystem::copy_file(kModel, folder / "spiece.model");
  return folder.path();
}

TEST(TokenizerTest, GivesHuggingFacesIds) {
  const test::TemporaryFolder folder;
  const Tokenizer tokenizer = Tokenizer::load(t5_folder(folder));
  const auto expected = golden();
  ASSERT_GT(expected.size(), 100U);
  for (int round = 0; round < 2; ++round) {  // the second from the cache
    for (const Golden& row : expected) EXPECT_EQ(tokenizer.encode(row.text), row.ids) << row.text;
  }
}

TEST(TokenizerTest, SeveralThreadsAgree) {
  const test::TemporaryFolder folder;
  const Tokenizer tokenizer = Tokenizer::load(t5_folder(folder));
  const auto expected = golden();
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  threads.reserve(wrong.size());
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (const Golden& row : expected) count += tokenizer.encode(row.text) == row.ids ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(TokenizerTest, KnowsT5sSpecialPieces) {
  const Tokenizer tokenizer = Tokenizer::load(kModel, 32128);
  EXPECT_EQ(tokenizer.pad(), 0);
  EXPECT_EQ(tokenizer.end_of_sequence(), 1);
  EXPECT_EQ(tokenizer.unknown(), 2);
  EXPECT_EQ(tokenizer.size(), 32100);
  EXPECT_EQ(tokenizer.sentinels(), 100);
  EXPECT_EQ(tokenizer.sentinel(0), 32099);
  EXPECT_EQ(tokenizer.sentinel(99), 32000);
  EXPECT_THROW(tokenizer.sentinel(100), UserError);
  EXPECT_EQ(tokenizer.sha256(), sha256_of_file(kModel));
}

// ppt.md section 1: the ids that PPT's code has hard-wired.
TEST(TokenizerTest, FindsPiecesByTheirText) {
  const Tokenizer tokenizer = Tokenizer::load(kModel);
  EXPECT_EQ(tokenizer.id_of_piece("A"), 188);
  EXPECT_EQ(tokenizer.id_of_piece("P"), 345);
  EXPECT_EQ(tokenizer.id_of_piece("\u2581yes"), 4273);
  EXPECT_EQ(tokenizer.id_of_piece("\u2581terrible"), 9412);
  EXPECT_EQ(tokenizer.id_of_piece("."), 5);
  EXPECT_EQ(tokenizer.id_of_piece("<extra_id_1>"), 32098);
  EXPECT_EQ(tokenizer.id_of_piece("</s>"), 1);
  EXPECT_EQ(tokenizer.id_of_piece("no such piece"), -1);
  EXPECT_EQ(tokenizer.id_of_piece("<extra_id_100>"), -1);
}

TEST(TokenizerTest, PiecesCoverEveryId) {
  const Tokenizer tokenizer = Tokenizer::load(kModel, 32128);
  for (std::int32_t id = 0; id < tokenizer.size(); ++id) EXPECT_EQ(tokenizer.id_of_piece(tokenizer.piece(id)), id);
  EXPECT_EQ(tokenizer.piece(32099), "<extra_id_0>");
  EXPECT_EQ(tokenizer.piece(32127), "<unused_32127>");
}

// The right-hand sides were printed by Hugging Face's decode().
TEST(TokenizerTest, DecodesAFolderAsTransformers) {
  const test::TemporaryFolder folder;
  const Tokenizer tokenizer = Tokenizer::load(t5_folder(folder));
  EXPECT_EQ(tokenizer.decode({8774, 296}), "Hello world");
  EXPECT_EQ(tokenizer.decode({3, 226, 32099, 3, 63}), "x<extra_id_0> y");
  EXPECT_EQ(tokenizer.decode({3, 9, 0, 3, 115, 2, 3, 75}), "a<pad> b<unk> c");
  EXPECT_EQ(tokenizer.decode({}), "");
}

// And these by the library's, which knows no sentinels, leaves control pieces out and has a sign for the unknown.
TEST(TokenizerTest, AModelAloneIsTheLibrarys) {
  const Tokenizer tokenizer = Tokenizer::load(kModel);
  EXPECT_EQ(tokenizer.decode({3, 9, 0, 3, 115, 2, 3, 75}), "a b \u2047  c");
  EXPECT_EQ(tokenizer.decode({3, 226, 32099, 3, 63}), "x<extra_id_0> y");
  EXPECT_EQ(tokenizer.encode("a</s>"), (std::vector<std::int32_t>{3, 9, 2, 87, 7, 3155}));
  EXPECT_EQ(tokenizer.encode("a<extra_id_1>"), (std::vector<std::int32_t>{3, 9, 32098}));
}

TEST(TokenizerTest, RefusesWhatIsNoModel) {
  const test::TemporaryFolder folder;
  const auto message = [&](const std::string& path, std::int64_t vocabulary) -> std::string {
    try {
      Tokenizer::load(path, vocabulary);
    } catch (const UserError& error) {
      return error.what();
    }
    return "nothing thrown";
  };
  EXPECT_NE(message(folder / "none", 0).find("none"), std::string::npos);
  test::write_file(folder / "empty", "");
  EXPECT_NE(message(folder / "empty", 0).find("is empty"), std::string::npos);
  test::write_file(folder / "text", "This is no model at all.\n");
  EXPECT_NE(message(folder / "text", 0).find("no SentencePiece model"), std::string::npos);
  const std::string model = test::read_file(kModel);
  test::write_file(folder / "half", model.substr(0, model.size() / 2));
  EXPECT_NE(message(folder / "half", 0).find("half"), std::string::npos);
  EXPECT_NE(message(kModel, 31999).find("32000 pieces, more than the backbone's vocabulary of 31999"),
            std::string::npos);
  EXPECT_NE(message(folder.path(), 0).find("is a folder without spiece.model or tokenizer.json"), std::string::npos);
}

}  // namespace
}  // namespace prelude
