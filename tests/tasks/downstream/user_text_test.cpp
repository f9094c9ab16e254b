#include "tasks/downstream/user_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/tasks/pretext/fixture.h"

namespace prelude::test {
namespace {

using Ids = std::vector<std::int32_t>;

// The ids are SentencePiece's own, from its Python package with T5's model.
void expect_no_control_ids(const Tokenizer& tokenizer) {
  EXPECT_EQ(encode_user_text(tokenizer, "the film is good"), (Ids{8, 814, 19, 207}));
  ASSERT_EQ(tokenizer.encode("<extra_id_0>"), (Ids{32099}));
  EXPECT_EQ(encode_user_text(tokenizer, "<extra_id_0>"), (Ids{3, 2, 996, 834, 23, 26, 834, 632, 3155}));
  EXPECT_EQ(encode_user_text(tokenizer, "</s>"), (Ids{3, 2, 3, 87, 7, 3155}));
  EXPECT_EQ(encode_user_text(tokenizer, "a < b > c"), tokenizer.encode("a < b > c"));
  EXPECT_EQ(encode_user_text(tokenizer, "a <b> c"), tokenizer.encode("a <b> c"));
  for (const std::string text : {"x<extra_id_99>y", "<pad>", "<<pad>>", "</s></s>", "<</s>/s>", "＜/s＞", "＜pad＞",
                                 "＜extra_id_0＞", "<extra_id_<extra_id_0>0>"}) {
    const Ids ids = encode_user_text(tokenizer, text);
    const bool is_clean = std::all_of(ids.begin(), ids.end(), [](std::int32_t id) { return id > 1 && id < 32000; });
    EXPECT_TRUE(is_clean) << text;
  }
}

TEST(UserText, HasNoControlIds) {
  const Tokenizer of_a_folder = Tokenizer::load(PRELUDE_SOURCE_DIR "/data/tokenizer");
  ASSERT_EQ(of_a_folder.encode("</s>"), (Ids{1}));
  expect_no_control_ids(of_a_folder);
  expect_no_control_ids(t5_tokenizer());
}

}  // namespace
}  // namespace prelude::test
