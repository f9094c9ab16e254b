// Models trained with each option that changes ids or text, against the library called directly.
#include "core/text/sentencepiece_model.h"

#include <gtest/gtest.h>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/error.h"
#include "core/io/line_reader.h"
#include "core/text/tokenizer.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using Options = std::unordered_map<std::string, std::string>;

struct Case {
  std::string name;
  Options options;
};

std::vector<std::string> lines_of_books(std::size_t most) {
  std::vector<std::string> result;
  LineReader reader(PRELUDE_SOURCE_DIR "/data/text/books-small.jsonl.gz", 1 << 28);
  for (std::string line; result.size() < most && reader.next(line) == LineReader::Status::line;) {
    std::istringstream text(nlohmann::json::parse(line).at("text").get<std::string>());
    for (std::string row; result.size() < most && std::getline(text, row);) {
      if (!row.empty()) result.push_back(row);
    }
  }
  return result;
}

std::vector<std::string> texts() {
  std::vector<std::string> result = lines_of_books(60);
  std::ifstream goldens(PRELUDE_SOURCE_DIR "/tests/data/tokenizer/t5_golden.jsonl");
  for (std::string line; std::getline(goldens, line);) result.push_back(nlohmann::json::parse(line).at("text"));
  for (const char* text : {"\u4e2d\u6587 \u548c English", "  if (a  == b) {\treturn c[1234]; }  ",
                           "\U0001F600\u200d\U0001F680 \U0001F1E6\U0001F1E7!", "\u0001\u0085a\u2028b\u00a0c\u3000",
                           "\uff21\uff22 \ufb01 \u2460", "foo bar<sep>foo bar", "a\u2581b \u2581", "<ctl>x</s>",
                           "\u201cA\u201d  B", ". , a", " ", "\u2581"}) {
    result.emplace_back(text);
  }
  return result;
}

std::vector<Case> cases() {
  const Options none;
  const std::vector<Case> every{
      {"plain", none},
      {"noprefix", {{"add_dummy_prefix", "false"}}},
      {"keepspace", {{"remove_extra_whitespaces", "false"}}},
      {"identity", {{"normalization_rule_name", "identity"}}},
      {"user", {{"user_defined_symbols", "<sep>,foo bar"}, {"control_symbols", "<ctl>"}}},
      {"names", {{"pad_piece", "[PAD]"}, {"unk_piece", "[UNK]"}, {"eos_piece", "[END]"}, {"unk_surface", " ?? "}}},
      {"nopad", {{"pad_id", "-1"}, {"unk_id", "0"}}},
  };
  const std::vector<Case> subword{
      {"suffix", {{"treat_whitespace_as_suffix", "true"}}},
      {"bytes", {{"byte_fallback", "true"}}},
      {"digits", {{"split_digits", "true"}}},
      {"nfkc", {{"normalization_rule_name", "nfkc"}}},
      {"nfkc_cf", {{"normalization_rule_name", "nfkc_cf"}}},
      {"nmt_nfkc_cf", {{"normalization_rule_name", "nmt_nfkc_cf"}}},
      {"own", {{"normalization_rule_tsv", "OWN"}}},
      {"back", {{"denormalization_rule_tsv", "BACK"}}},
      {"nosplit", {{"split_by_whitespace", "false"}}},
      {"sentinels", {{"user_defined_symbols", "<extra_id_1>,<extra_id_0>"}}},
      {"mt5", {{"user_defined_symbols", "\u2581<extra_id_1>,\u2581<extra_id_0>"}}},
      {"raw",
       {{"normalization_rule_name", "identity"},
        {"remove_extra_whitespaces", "false"},
        {"add_dummy_prefix", "false"},
        {"byte_fallback", "true"}}},
  };
  std::vector<Case> result;
  for (const char* kind : {"unigram", "bpe", "char", "word"}) {
    const bool is_subword = std::string(kind) == "unigram" || std::string(kind) == "bpe";
    for (const auto* list : {&every, &subword}) {
      if (list == &subword && !is_subword) continue;
      for (Case one : *list) {
        one.options.emplace("model_type", kind);
        one.name = std::string(kind) + "_" + one.name;
        result.push_back(one);
      }
    }
  }
  return result;
}

class EveryModel : public testing::TestWithParam<Case> {
 protected:
  std::string trained() const {
    test::write_file(folder_ / "own.tsv", "41\t61\n42\t62 62\n201C\t22\n20 61\t2581 78\n1F600\t3A 29\n");
    test::write_file(folder_ / "back.tsv", "20 2E\t2E\n20 2C\t2C\n61\t41\n");
    Options options = GetParam().options;
    for (const auto& [key, value] : Options{{"vocab_size", "700"},
                                            {"hard_vocab_limit", "false"},
                                            {"pad_id", "0"},
                                            {"eos_id", "1"},
                                            {"unk_id", "2"},
                                            {"bos_id", "-1"},
                                            {"num_threads", "1"},
                                            {"minloglevel", "100"}}) {
      options.emplace(key, value);
    }
    for (auto& [key, value] : options) {
      if (value == "OWN") value = folder_ / "own.tsv";
      if (value == "BACK") value = folder_ / "back.tsv";
    }
    silence_sentencepiece();
    std::string model;
    const auto status = sentencepiece::SentencePieceTrainer::Train(options, lines_of_books(400), &model);
    if (!status.ok()) throw std::runtime_error(std::string(status.message()));
    return model;
  }
  test::TemporaryFolder folder_;
};

TEST_P(EveryModel, GivesTheLibrarysIdsAndTexts) {
  const std::string model = trained();
  test::write_file(folder_ / "spiece.model", model);
  const Tokenizer tokenizer = Tokenizer::load(folder_ / "spiece.model");
  sentencepiece::SentencePieceProcessor library;
  ASSERT_TRUE(library.LoadFromSerializedProto(model).ok());
  for (int round = 0; round < 2; ++round) {  // the second from the cache, where there is one
    for (const std::string& text : texts()) {
      if (text.find("<extra_id_") != std::string::npos) continue;  // a sentinel of ours
      std::vector<int> ids;
      std::string decoded;
      ASSERT_TRUE(library.Encode(text, &ids).ok());
      ASSERT_TRUE(library.Decode(absl::MakeConstSpan(ids), &decoded).ok());
      EXPECT_EQ(tokenizer.encode(text), ids) << text;
      EXPECT_EQ(tokenizer.decode(ids), decoded) << text;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(SentencePiece, EveryModel, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace prelude
