#include "tasks/pretext/sentence_template.h"

#include <gtest/gtest.h>

#include "tests/message_of.h"

namespace prelude::test {
namespace {

using Tokens = std::vector<std::int32_t>;

const Tokenizer& tokenizer() {
  static const Tokenizer tokenizer = Tokenizer::load(PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model");
  return tokenizer;
}

std::optional<Tokens> source(const std::string& text, std::int64_t room, const std::vector<std::uint16_t>& sentence) {
  return SentenceTemplate(tokenizer(), text, room)
      .source(TokenSpan(sentence.data(), static_cast<std::int64_t>(sentence.size()), false));
}

// "It was" is 94 47 (T5's SentencePiece model), <extra_id_0> 32099, "." behind it 5.
TEST(SentenceTemplate, StandsAroundTheSentence) {
  EXPECT_EQ(source("{sentence}<extra_id_0>", 100, {11, 12, 13}), (Tokens{11, 12, 13, 32099}));
  EXPECT_EQ(source("{sentence} It was <extra_id_0>", 100, {11, 12}), (Tokens{11, 12, 94, 47, 32099}));
  EXPECT_EQ(source("<extra_id_0> It was {sentence}", 100, {11, 12}), (Tokens{32099, 94, 47, 11, 12}));
}

TEST(SentenceTemplate, CutsTheSentenceAlone) {
  EXPECT_EQ(source("{sentence} It was <extra_id_0>", 5, {11, 12, 13}), (Tokens{11, 12, 94, 47, 32099}));
  EXPECT_EQ(source("{sentence} It was <extra_id_0>", 4, {11, 12, 13}), (Tokens{11, 94, 47, 32099}));
  EXPECT_NE(message_of([] { source("{sentence} It was <extra_id_0>", 3, {11}); }).find("the template takes 3; give 1"),
            std::string::npos);
}

TEST(SentenceTemplate, ASentenceWithItsSentinelHasNoSource) {
  EXPECT_EQ(source("{sentence}<extra_id_0>", 100, {11, 32099, 13}), std::nullopt);
  // Another sentinel is no answer's place, and one that is cut off does no harm.
  EXPECT_EQ(source("{sentence}<extra_id_0>", 100, {11, 32098}), (Tokens{11, 32098, 32099}));
  EXPECT_EQ(source("{sentence}<extra_id_0>", 2, {11, 32099}), (Tokens{11, 32099}));
}

}  // namespace
}  // namespace prelude::test
