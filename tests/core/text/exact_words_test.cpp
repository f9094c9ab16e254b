#include "core/text/exact_words.h"

#include <gtest/gtest.h>
#include <sentencepiece_model.pb.h>

#include "core/io/mapped_file.h"
#include "core/text/byte_pair.h"

namespace prelude {
namespace {

using sentencepiece::ModelProto;

ModelProto proto_of_t5() {
  const MappedFile file = MappedFile::open(PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model");
  ModelProto proto;
  proto.ParseFromArray(file.data(), static_cast<int>(file.size()));
  proto.clear_self_test_data();
  return proto;
}

SentencePieceModel model_of(const ModelProto& proto) { return {proto.SerializeAsString(), "model"}; }

template <typename Change>
bool allowed_after(Change change) {
  ModelProto proto = proto_of_t5();
  change(proto);
  return ExactWords::of(model_of(proto)) != nullptr;
}

TEST(ExactWordsTest, OnlyForSettingsUnderWhichAWordIsAlone) {
  EXPECT_TRUE(allowed_after([](ModelProto&) {}));
  EXPECT_FALSE(allowed_after([](ModelProto& m) {
    m.mutable_trainer_spec()->set_byte_fallback(true);
    for (int byte = 0; byte < 256; ++byte) {
      ModelProto::SentencePiece& piece = *m.add_pieces();
      piece.set_piece(byte_piece(static_cast<unsigned char>(byte)));
      piece.set_type(ModelProto::SentencePiece::BYTE);
    }
  }));
  EXPECT_FALSE(allowed_after([](ModelProto& m) { m.mutable_trainer_spec()->set_treat_whitespace_as_suffix(true); }));
  EXPECT_FALSE(allowed_after([](ModelProto& m) { m.mutable_normalizer_spec()->set_add_dummy_prefix(false); }));
  EXPECT_FALSE(allowed_after([](ModelProto& m) { m.mutable_normalizer_spec()->set_escape_whitespaces(false); }));
  EXPECT_FALSE(allowed_after([](ModelProto& m) { m.mutable_normalizer_spec()->set_remove_extra_whitespaces(false); }));
  EXPECT_FALSE(
      allowed_after([](ModelProto& m) { m.mutable_trainer_spec()->set_model_type(sentencepiece::TrainerSpec::BPE); }));
  EXPECT_FALSE(
      allowed_after([](ModelProto& m) { m.mutable_pieces(100)->set_type(ModelProto::SentencePiece::UNUSED); }));
  EXPECT_FALSE(
      allowed_after([](ModelProto& m) { m.mutable_pieces(100)->set_type(ModelProto::SentencePiece::USER_DEFINED); }));
  EXPECT_FALSE(allowed_after([](ModelProto& m) { m.mutable_pieces(100)->set_piece("of\u2581the"); }));
  EXPECT_FALSE(allowed_after([](ModelProto& m) { m.mutable_pieces(3)->set_piece("no mark"); }));
}

// "----" can be cut in two ways that are equally good: which one the library takes depends on what stands before it.
TEST(ExactWordsTest, LeavesEquallyGoodWaysToTheLibrary) {
  const SentencePieceModel model = model_of(proto_of_t5());
  const auto words = ExactWords::of(model);
  std::vector<std::int32_t> ids{7};
  EXPECT_FALSE(words->encode(model, "a ---- b", ids));
  EXPECT_EQ(ids, std::vector<std::int32_t>{7});
  EXPECT_FALSE(words->encode(model, "a\u2581b", ids));
  EXPECT_TRUE(words->encode(model, "Hello  world ", ids));
  EXPECT_EQ(ids, (std::vector<std::int32_t>{7, 8774, 296}));
}

// Far from the text's start float32 no longer tells close segmentations apart; the answer is the library's there, too.
TEST(ExactWordsTest, GivesTheLibrarysIdsFarFromTheStart) {
  const SentencePieceModel model = model_of(proto_of_t5());
  const auto words = ExactWords::of(model);
  std::string text;
  int own = 0;
  for (int i = 0; i < 6000; ++i) {
    text += i % 3 == 0 ? "unsettlingly " : i % 3 == 1 ? "antidisestablishment " : "0123456789 ";
    if (i % 500 != 7) continue;
    std::vector<std::int32_t> expected;
    std::vector<std::int32_t> ids;
    model.encode(text, expected);
    if (!words->encode(model, text, ids)) continue;
    EXPECT_EQ(ids, expected) << i;
    ++own;
  }
  EXPECT_GT(own, 0);
}

}  // namespace
}  // namespace prelude
