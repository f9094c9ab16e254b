#include "launch/backbone_identity.h"

#include <gtest/gtest.h>

#include "core/t5/identity.h"
#include "tests/message_of.h"

namespace prelude {
namespace {

// Five pieces a, b, c, d, e.
TEST(BackboneIdentityTest, IsThatOfAllPiecesWhoeverHashedThem) {
  const std::string whole = identity_of({"a", "b", "c", "d", "e"});
  EXPECT_EQ(agreed_hash("x", {"a\nb\nc\nd\ne\n"}, {"n1"}), whole);
  EXPECT_EQ(agreed_hash("x", {"a\n\nc\n\ne\n", "\nb\n\nd\n\n"}, {"n1", "n1"}), whole);
  EXPECT_EQ(agreed_hash("x", {"a\n\nc\n\ne\n", "\nb\n\nd\n\n", "a\nb\nc\nd\ne\n"}, {"n1", "n1", "n2"}), whole);
}

TEST(BackboneIdentityTest, HostsThatDifferAreNamed) {
  const std::string said = "--backbone 'x' has other weights on host n2 than on host n1; give all hosts the same";
  EXPECT_EQ(test::message_of([] { agreed_hash("x", {"a\nb\n", "a\nB\n"}, {"n1", "n2"}); }), said);
  EXPECT_EQ(test::message_of([] {
              agreed_hash("x", {"a\n\n", "\nb\n", "a\n\n", "\nB\n"}, {"n1", "n1", "n2", "n2"});
            }),
            said);
  EXPECT_EQ(test::message_of([] { agreed_hash("x", {"a\nb\n", "a\nb\nc\n"}, {"n1", "n2"}); }), said);
}

TEST(BackboneIdentityTest, NamesThePartThatChanged) {
  const std::string now = BackboneIdentity{"aa", "bb", "cc"}.text();
  EXPECT_EQ(changed_part(now, now), "");
  EXPECT_EQ(changed_part("aX-bb-cc", now), "weights");
  EXPECT_EQ(changed_part("aa-bX-cc", now), "config.json");
  EXPECT_EQ(changed_part("aa-bb-cX", now), "tokenizer");
}

// Earlier versions kept the hash of the weights alone.
TEST(BackboneIdentityTest, WhatWasNotRecordedIsNotCompared) {
  const std::string now = BackboneIdentity{"aa", "bb", "cc"}.text();
  EXPECT_EQ(changed_part("aa", now), "");
  EXPECT_EQ(changed_part("", now), "");
  EXPECT_EQ(changed_part("xx", now), "weights");
  EXPECT_EQ(changed_part("aa-bb-", now), "") << "a backbone without a tokenizer";
}

// Every field that a forward depends on; dropout does not touch a frozen backbone, and `prelude lm` has it as an
// option.
TEST(BackboneIdentityTest, EveryFieldOfTheConfigurationCounts) {
  const T5Config plain;
  const auto differs = [&](auto change) {
    T5Config other = plain;
    change(other);
    return config_hash(other) != config_hash(plain);
  };
  EXPECT_TRUE(differs([](T5Config& c) { c.vocab_size = 7; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.d_model = 7; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.d_kv = 7; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.d_ff = 7; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.num_layers = 7; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.num_decoder_layers = 7; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.num_heads = 7; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.relative_attention_num_buckets = 8; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.relative_attention_max_distance = 7; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.layer_norm_epsilon = 1e-5; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.gated = true; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.activation = Activation::silu; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.tie_word_embeddings = false; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.scale_decoder_outputs = false; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.decoder_start_token_id = 7; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.pad_token_id = 7; }));
  EXPECT_TRUE(differs([](T5Config& c) { c.eos_token_id = 7; }));
  EXPECT_FALSE(differs([](T5Config& c) { c.dropout_rate = 0.1; }));
}

}  // namespace
}  // namespace prelude
