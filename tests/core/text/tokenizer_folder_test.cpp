// Folders of T5's family against transformers: tests/data/tokenizer (scripts/make-tokenizer-goldens).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "core/text/tokenizer.h"
#include "core/text/tokenizer_files.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using nlohmann::json;

const std::string kModel = PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model";
const std::string kGoldens = PRELUDE_SOURCE_DIR "/tests/data/tokenizer/";

std::string message(const std::string& path, std::int64_t vocabulary = 0) {
  try {
    Tokenizer::load(path, vocabulary);
  } catch (const UserError& error) {
    return error.what();
  }
  return "nothing thrown";
}

class TokenizerFolder : public testing::Test {
 protected:
  // A folder with data/tokenizer's model and these files.
  std::string made(const std::string& name, const json& files) const {
    const std::string path = folder_ / name;
    std::filesystem::create_directories(path);
    std::filesystem::copy_file(kModel, path + "/spiece.model", std::filesystem::copy_options::overwrite_existing);
    for (const auto& [file, content] : files.items()) test::write_file(path + "/" + file, content.dump());
    return path;
  }
  static json config(const json& values) { return {{"tokenizer_config.json", values}}; }

  test::TemporaryFolder folder_;
};

TEST_F(TokenizerFolder, GivesTransformersIdsAndTexts) {
  std::ifstream lines(kGoldens + "folders.jsonl");
  std::optional<Tokenizer> tokenizer;
  std::string name;
  int folders = 0;
  int texts = 0;
  for (std::string line; std::getline(lines, line);) {
    const json row = json::parse(line);
    if (row.contains("folder")) {
      name = row["folder"].get<std::string>();
      tokenizer = Tokenizer::load(made(name, row["files"]));
      ++folders;
      continue;
    }
    const auto ids = row.at("ids").get<std::vector<std::int32_t>>();
    EXPECT_EQ(tokenizer->encode(row.at("text").get<std::string>()), ids) << name << ": " << row["text"];
    EXPECT_EQ(tokenizer->decode(ids), row.at("decoded").get<std::string>()) << name << ": " << row["text"];
    ++texts;
  }
  EXPECT_EQ(folders, 10);
  EXPECT_GE(texts, 500);
}

TEST_F(TokenizerFolder, JsonAloneGivesTransformersIdsAndTexts) {
  std::ifstream lines(kGoldens + "json_folders.jsonl");
  std::optional<Tokenizer> tokenizer;
  std::string name;
  int texts = 0;
  for (std::string line; std::getline(lines, line);) {
    const json row = json::parse(line);
    if (row.contains("folder")) {
      name = row["folder"].get<std::string>();
      json file = json::parse(std::ifstream(kGoldens + row["base"].get<std::string>()));
      file.merge_patch(row["patch"]);
      const std::string path = folder_ / name;
      std::filesystem::create_directory(path);
      test::write_file(path + "/tokenizer.json", file.dump());
      tokenizer = Tokenizer::load(path);
      continue;
    }
    const auto ids = row.at("ids").get<std::vector<std::int32_t>>();
    EXPECT_EQ(tokenizer->encode(row.at("text").get<std::string>()), ids) << name << ": " << row["text"];
    EXPECT_EQ(tokenizer->decode(ids), row.at("decoded").get<std::string>()) << name << ": " << row["text"];
    ++texts;
  }
  EXPECT_GE(texts, 1000);
}

TEST_F(TokenizerFolder, SentinelsAreWhereItsFilesPutThem) {
  EXPECT_EQ(Tokenizer::load(made("28", config({{"extra_ids", 28}}))).sentinel(0), 32027);
  EXPECT_EQ(Tokenizer::load(made("28", config({{"extra_ids", 28}}))).id_of_piece("<extra_id_27>"), 32000);
  const Tokenizer none = Tokenizer::load(made("0", config({{"extra_ids", 0}})));
  EXPECT_EQ(none.sentinels(), 0);
  EXPECT_EQ(none.size(), 32000);
  EXPECT_THROW(none.sentinel(0), UserError);
}

// A vocabulary that ends with the pieces is no fault until a sentinel is asked for.
TEST_F(TokenizerFolder, WithoutRoomForSentinelsThereAreNone) {
  const Tokenizer tokenizer = Tokenizer::load(made("tight", json::object()), 32050);
  EXPECT_EQ(tokenizer.size(), 32000);
  EXPECT_EQ(tokenizer.encode("Hello world"), (std::vector<std::int32_t>{8774, 296}));
  try {
    static_cast<void>(tokenizer.sentinel(1));
    FAIL() << "a sentinel without room";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("<extra_id_1> is needed"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("vocabulary of 32050 has no room for 100"), std::string::npos);
  }
}

// What a corpus is bound to: the model alone where the files beside it say what goes without saying.
TEST_F(TokenizerFolder, IdentityFollowsWhatChangesIds) {
  const std::string plain = Tokenizer::load(kModel).sha256();
  json sentinels = json::array();
  for (int k = 0; k < 100; ++k) sentinels.push_back("<extra_id_" + std::to_string(k) + ">");
  const json same = {{"extra_ids", 100}, {"additional_special_tokens", sentinels}, {"legacy", false}};
  EXPECT_EQ(Tokenizer::load(made("plain", json::object())).sha256(), plain);
  EXPECT_EQ(Tokenizer::load(made("same", config(same))).sha256(), plain);
  EXPECT_EQ(Tokenizer::load(made("tight", config(same)), 32064).sha256(), plain);
  const std::string fewer = Tokenizer::load(made("fewer", config({{"extra_ids", 28}}))).sha256();
  const std::string more = Tokenizer::load(made("more", {{"added_tokens.json", {{"<spot>", 32100}}}})).sha256();
  EXPECT_NE(fewer, plain);
  EXPECT_NE(more, plain);
  EXPECT_NE(more, fewer);
}

TEST_F(TokenizerFolder, RefusesWhatWouldMakeOtherIds) {
  const auto refused = [&](const json& files) { return message(made("refused", files)); };
  EXPECT_NE(refused(config({{"tokenizer_class", "ByT5Tokenizer"}})).find("ByT5Tokenizer"), std::string::npos);
  EXPECT_NE(refused(config({{"do_lower_case", true}})).find("do_lower_case"), std::string::npos);
  EXPECT_NE(refused(config({{"sp_model_kwargs", {{"enable_sampling", true}}}})).find("sampling"), std::string::npos);
  EXPECT_NE(refused(config({{"extra_ids", -1}})).find("extra_ids"), std::string::npos);
  const std::string gap =
      refused({{"tokenizer_config.json", json::object()}, {"added_tokens.json", {{"<spot>", 32110}}}});
  EXPECT_NE(gap.find("'<spot>' is numbered 32110, but comes out as 32100"), std::string::npos) << gap;
  const json spot = {{"tokenizer_config.json", json::object()}, {"added_tokens.json", {{"<spot>", 32100}}}};
  EXPECT_NE(message(made("full", spot), 32100).find("'<spot>' has the id 32100"), std::string::npos);
}

TEST_F(TokenizerFolder, TwoTokenizersInOneFolderAreRefused) {
  const std::string path = made("two", json::object());
  std::filesystem::copy_file(kGoldens + "unigram.json", path + "/tokenizer.json");
  EXPECT_NE(message(path).find("two different tokenizers"), std::string::npos) << message(path);
}

TEST_F(TokenizerFolder, CopiesEveryFileOfATokenizer) {
  const std::string from =
      made("from", {{"tokenizer_config.json", {{"extra_ids", 28}}}, {"config.json", json::object()}});
  const std::string into = folder_ / "into";
  std::filesystem::create_directory(into);
  copy_tokenizer(from, into);
  EXPECT_EQ(Tokenizer::load(into).sha256(), Tokenizer::load(from).sha256());
  EXPECT_FALSE(std::filesystem::exists(into + "/config.json"));
  const std::string alone = folder_ / "alone";
  std::filesystem::create_directory(alone);
  copy_tokenizer(kGoldens + "bpe.json", alone);
  EXPECT_EQ(test::read_file(alone + "/tokenizer.json"), test::read_file(kGoldens + "bpe.json"));
}

TEST_F(TokenizerFolder, JsonNamesThePartThatItDoesNotKnow) {
  const json base = json::parse(std::ifstream(kGoldens + "unigram.json"));
  const auto refused = [&](const json& patch) {
    json file = base;
    file.merge_patch(patch);
    test::write_file(folder_ / "tokenizer.json", file.dump());
    return message(folder_ / "tokenizer.json");
  };
  const json bert = {{"type", "BertNormalizer"}};
  EXPECT_NE(refused({{"normalizer", bert}}).find("normalizer is of type BertNormalizer"), std::string::npos);
  EXPECT_NE(refused({{"pre_tokenizer", {{"type", "ByteLevel"}}}}).find("pre_tokenizer is of type ByteLevel"),
            std::string::npos);
  EXPECT_NE(refused({{"decoder", {{"type", "CTC"}}}}).find("decoder is of type CTC"), std::string::npos);
  EXPECT_NE(refused({{"model", {{"type", "WordPiece"}}}}).find("model is of type WordPiece"), std::string::npos);
  EXPECT_NE(refused({{"post_processor", {{"type", "RobertaProcessing"}}}}).find("post_processor"), std::string::npos);
  EXPECT_NE(refused({{"model", {{"unk_id", 100000}}}}).find("unk_id"), std::string::npos);
}

}  // namespace
}  // namespace prelude
