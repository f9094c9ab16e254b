#include "core/text/answer_texts.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace prelude {
namespace {

std::string message(const std::vector<std::string>& texts) {
  static const Tokenizer tokenizer = Tokenizer::load(PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model");
  std::vector<std::vector<std::int32_t>> ids;
  for (const std::string& text : texts) ids.push_back(tokenizer.encode(text));
  try {
    require_told_apart("here", tokenizer, texts, ids);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(AnswerTextsTest, AnswersMustDiffer) {
  EXPECT_EQ(message({"yes", "no", "maybe"}), "");
  EXPECT_EQ(message({"yes", "no", " yes"}),
            "here: 'yes' and ' yes' have the same pieces, so that no answer tells them apart; give others");
}

// T5's tokenizer has neither brace: both are <unk>.
TEST(AnswerTextsTest, AnswersMustBeKnown) {
  EXPECT_EQ(message({"{", "}"}).find("here: the tokenizer has no piece for a part of '{'"), 0U);
  EXPECT_EQ(message({"yes", "\u5dee"}).find("here: the tokenizer has no piece for a part of '\u5dee'"), 0U);
}

}  // namespace
}  // namespace prelude
