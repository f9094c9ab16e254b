#include "core/text/character_map.h"

#include <gtest/gtest.h>
#include <sentencepiece_model.pb.h>

#include "core/error.h"
#include "core/io/mapped_file.h"

namespace prelude {
namespace {

// T5's own rules, NFKC with spaces for controls.
std::string t5_rules() {
  const MappedFile file = MappedFile::open(PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model");
  sentencepiece::ModelProto proto;
  proto.ParseFromArray(file.data(), static_cast<int>(file.size()));
  return proto.normalizer_spec().precompiled_charsmap();
}

TEST(CharacterMapTest, ReplacesWhatTheRulesName) {
  const CharacterMap map(t5_rules(), "rules");
  EXPECT_EQ(map.replacement("\ufb01"), "fi");
  EXPECT_EQ(map.replacement("\uff21"), "A");
  EXPECT_EQ(map.replacement("e\u0301"), "\u00e9");
  EXPECT_EQ(map.replacement("\u3000"), " ");
  EXPECT_EQ(map.replacement("\x01"), "");
  EXPECT_EQ(map.replacement("a"), std::nullopt);
  EXPECT_EQ(map.replacement(""), std::nullopt);
  EXPECT_EQ(map.replacement(std::string_view("\0", 1)), std::nullopt);
}

TEST(CharacterMapTest, KnowsWhichBytesItsKeysHold) {
  const CharacterMap map(t5_rules(), "rules");
  EXPECT_FALSE(map.has_key_with(' '));
  EXPECT_TRUE(map.has_key_with('\t'));
  EXPECT_TRUE(map.has_key_with(0xEF));
  EXPECT_FALSE(map.has_key_with(0xFF));
}

TEST(CharacterMapTest, ATableCutShortIsRefused) {
  const std::string rules = t5_rules();
  EXPECT_THROW(CharacterMap("", "rules"), UserError);
  EXPECT_THROW(CharacterMap(rules.substr(0, 4), "rules"), UserError);
  EXPECT_THROW(CharacterMap(rules.substr(0, 4000), "rules"), UserError);
}

}  // namespace
}  // namespace prelude
