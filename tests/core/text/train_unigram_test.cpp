#include "core/text/train_unigram.h"

#include <gtest/gtest.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/error.h"
#include "core/io/line_reader.h"
#include "core/text/tokenizer.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

constexpr std::int64_t kVocabulary = 2000;

// Paragraphs of the shipped books: every tenth held out, the others to learn from.
struct Paragraphs {
  std::vector<std::string> training;
  std::vector<std::string> held_out;
};

const Paragraphs& paragraphs() {
  static const Paragraphs result = [] {
    Paragraphs read;
    LineReader lines(PRELUDE_SOURCE_DIR "/data/text/books-small.jsonl.gz", 1 << 28);
    std::size_t count = 0;
    for (std::string line; lines.next(line) == LineReader::Status::line;) {
      const auto text = nlohmann::json::parse(line).at("text").get<std::string>();
      for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string paragraph = text.substr(begin, std::min(end - begin, kMostSentenceBytes));
        (++count % 10 == 0 ? read.held_out : read.training).push_back(paragraph);
        begin = end + 1;
      }
    }
    return read;
  }();
  return result;
}

const std::string& trained_model() {
  static const std::string model = train_unigram(paragraphs().training, {.vocabulary = kVocabulary});
  return model;
}

class TrainUnigram : public testing::Test {
 protected:
  Tokenizer load(const std::string& model) const {
    test::write_file(folder_ / "spiece.model", model);
    return Tokenizer::load(folder_ / "spiece.model");
  }
  test::TemporaryFolder folder_;
};

// Unicode's own NFKC, spaces in a row as one: what nmt_nfkc does to text without controls.
std::string normalised(const std::string& text) {
  UErrorCode error = U_ZERO_ERROR;
  std::string nfkc;
  icu::Normalizer2::getNFKCInstance(error)->normalize(icu::UnicodeString::fromUTF8(text), error).toUTF8String(nfkc);
  EXPECT_TRUE(U_SUCCESS(error));
  std::string result;
  for (const char c : nfkc) {
    if (c != ' ' || (!result.empty() && result.back() != ' ')) result.push_back(c);
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

TEST_F(TrainUnigram, LaysOutTheIdsAsT5Does) {
  const Tokenizer tokenizer = load(trained_model());
  EXPECT_EQ(tokenizer.pad(), 0);
  EXPECT_EQ(tokenizer.end_of_sequence(), 1);
  EXPECT_EQ(tokenizer.unknown(), 2);
  EXPECT_EQ(tokenizer.piece(0), "<pad>");
  EXPECT_EQ(tokenizer.piece(1), "</s>");
  EXPECT_EQ(tokenizer.piece(2), "<unk>");
  EXPECT_EQ(tokenizer.id_of_piece("<s>"), -1);
  EXPECT_EQ(tokenizer.id_of_piece("<0x41>"), -1);  // no byte fallback
  EXPECT_EQ(tokenizer.size(), kVocabulary + 100);
  EXPECT_EQ(tokenizer.sentinel(0), kVocabulary + 99);
  EXPECT_EQ(tokenizer.sentinel(99), kVocabulary);
  EXPECT_EQ(tokenizer.encode("<extra_id_0>"), (std::vector<std::int32_t>{kVocabulary + 99}));
}

TEST_F(TrainUnigram, HeldOutTextComesBackNormalised) {
  const Tokenizer tokenizer = load(trained_model());
  const Tokenizer t5 = Tokenizer::load(PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model");
  std::size_t whole = 0;
  std::size_t ids = 0;
  std::size_t ids_of_t5 = 0;
  for (const std::string& text : paragraphs().held_out) {
    const auto encoded = tokenizer.encode(text);
    ids += encoded.size();
    ids_of_t5 += t5.encode(text).size();
    if (std::find(encoded.begin(), encoded.end(), tokenizer.unknown()) != encoded.end()) continue;
    ++whole;
    EXPECT_EQ(tokenizer.decode(encoded), normalised(text));
  }
  EXPECT_GT(whole, paragraphs().held_out.size() * 9 / 10);  // the others have a rare character
  EXPECT_LT(ids, ids_of_t5 * 3 / 2);                        // letters alone would be three times as many
}

TEST_F(TrainUnigram, TheSameTextMakesTheSameBytes) {
  const std::vector<std::string>& all = paragraphs().training;
  const std::vector<std::string> some(all.begin(), all.begin() + 600);
  const std::string once = train_unigram(some, {.vocabulary = 500});
  std::string again;
  std::thread elsewhere([&] { again = train_unigram(some, {.vocabulary = 500}); });
  elsewhere.join();
  EXPECT_TRUE(once == again);
  const std::vector<std::string> fewer(all.begin(), all.begin() + 599);
  EXPECT_FALSE(once == train_unigram(fewer, {.vocabulary = 500}));
}

// Every letter of the text has a piece: none of the capitals' sentences was passed over.
TEST_F(TrainUnigram, NormalisesAndPassesOverNoSentence) {
  const std::vector<std::string> sentences{"how are you doing today my friend", "Z\u2585", std::string("G\0", 2),
                                           "\uff2f", "T\tL"};
  const Tokenizer tokenizer = load(train_unigram(sentences, {.vocabulary = 24}));
  for (const char* letter : {"Z", "G", "O", "T", "L"}) EXPECT_GE(tokenizer.id_of_piece(letter), 0) << letter;
  EXPECT_EQ(tokenizer.id_of_piece("\u2585"), -1);
}

std::string complaint(const std::vector<std::string>& sentences, const UnigramOptions& options) {
  try {
    train_unigram(sentences, options);
  } catch (const UserError& error) {
    return error.what();
  }
  return "none";
}

// The numbers that it names do work, the next ones do not.
TEST_F(TrainUnigram, SaysWhichVocabularyFits) {
  const std::vector<std::string> sentences{"hello there world", "how are you doing today my friend"};
  EXPECT_EQ(complaint(sentences, {.vocabulary = 8000}),
            "--vocabulary 8000 is too large for this text; the largest that works is 24: take that or give more text");
  EXPECT_EQ(complaint(sentences, {.vocabulary = 24}), "none");
  EXPECT_NE(complaint(sentences, {.vocabulary = 25}).find("largest that works is 24:"), std::string::npos);
  EXPECT_EQ(complaint(sentences, {.vocabulary = 5}),
            "--vocabulary 5 is too small for this text: its characters and the special pieces alone need 20; raise it, "
            "or lower --character-coverage");
  EXPECT_EQ(complaint(sentences, {.vocabulary = 20}), "none");
  EXPECT_NE(complaint(sentences, {.vocabulary = 19}), "none");
}

TEST_F(TrainUnigram, RefusesTextWithoutText) {
  const std::string said = "the text to learn a tokenizer from has no letter and no digit; give more";
  EXPECT_EQ(complaint({}, {}), said);
  EXPECT_EQ(complaint({"\x01 \x02", "\u200b", " ... \U0001f642 "}, {}), said);
}

}  // namespace
}  // namespace prelude
