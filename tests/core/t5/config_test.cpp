#include "core/t5/config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using namespace test;
using nlohmann::json;

json plain() {
  return {{"model_type", "t5"}, {"vocab_size", 32128}, {"d_model", 512}, {"d_kv", 64},
          {"d_ff", 2048},       {"num_layers", 6},     {"num_heads", 8}};
}

T5Config read(const json& fields) {
  const TemporaryFolder folder;
  write_file(folder / "config.json", fields.dump());
  return read_t5_config(folder / "config.json");
}

T5Config read_with(const json& changes) {
  json fields = plain();
  fields.merge_patch(changes);
  return read(fields);
}

TEST(Config, DefaultsAreTransformers) {
  const T5Config config = read(plain());
  EXPECT_EQ(config.num_decoder_layers, 6);
  EXPECT_EQ(config.relative_attention_num_buckets, 32);
  EXPECT_EQ(config.relative_attention_max_distance, 128);
  EXPECT_EQ(config.layer_norm_epsilon, 1e-6);
  EXPECT_FALSE(config.gated);
  EXPECT_EQ(config.activation, Activation::relu);
  EXPECT_TRUE(config.tie_word_embeddings);
  EXPECT_FALSE(config.tie_by_tensors);
  EXPECT_TRUE(config.scale_decoder_outputs);
  EXPECT_EQ(config.pad_token_id, 0);
  EXPECT_EQ(config.eos_token_id, 1);
  EXPECT_EQ(config.decoder_start_token_id, 0);
}

TEST(Config, ActivationsByName) {
  struct Row {
    const char* projection;
    bool gated;
    Activation activation;
  };
  for (const Row& row :
       {Row{"relu", false, Activation::relu}, Row{"gelu", false, Activation::gelu},
        Row{"gelu_new", false, Activation::gelu_tanh}, Row{"silu", false, Activation::silu},
        Row{"gated-gelu", true, Activation::gelu_tanh}, Row{"gated-silu", true, Activation::silu},
        Row{"gated-relu", true, Activation::relu}, Row{"gated-gelu_new", true, Activation::gelu_tanh}}) {
    const T5Config config = read_with({{"feed_forward_proj", row.projection}});
    EXPECT_EQ(config.gated, row.gated) << row.projection;
    EXPECT_EQ(config.activation, row.activation) << row.projection;
  }
  const T5Config newer = read_with({{"feed_forward_proj", "relu"}, {"dense_act_fn", "silu"}, {"is_gated_act", true}});
  EXPECT_TRUE(newer.gated);
  EXPECT_EQ(newer.activation, Activation::silu);
}

TEST(Config, OutputOfOlderAndNewerFiles) {
  struct Row {
    json changes;
    bool tied, by_tensors, scaled;
  };
  const Row rows[] = {
      {json::object(), true, false, true},                      // T5
      {{{"tie_word_embeddings", false}}, false, false, false},  // v1.1, LM-adapted, FLAN, UL2
      {{{"scale_decoder_outputs", true}}, true, true, true},    // written by transformers 5
      {{{"tie_word_embeddings", true}, {"scale_decoder_outputs", false}}, true, true, false},
      {{{"tie_word_embeddings", false}, {"scale_decoder_outputs", true}}, false, false, true},
      {{{"model_type", "mt5"}}, true, true, false},
      {{{"model_type", "mt5"}, {"tie_word_embeddings", false}}, false, false, false},
  };
  for (const Row& row : rows) {
    const T5Config config = read_with(row.changes);
    EXPECT_EQ(config.tie_word_embeddings, row.tied) << row.changes;
    EXPECT_EQ(config.tie_by_tensors, row.by_tensors) << row.changes;
    EXPECT_EQ(config.scale_decoder_outputs, row.scaled) << row.changes;
  }
  EXPECT_TRUE(read_with({{"model_type", "mt5"}}).gated);
}

TEST(Config, AListOfEndIdsGivesItsFirst) { EXPECT_EQ(read_with({{"eos_token_id", {5, 6}}}).eos_token_id, 5); }

TEST(Config, MistakesAreNamed) {
  const std::pair<json, const char*> rows[] = {
      {{{"d_model", nullptr}}, "field \"d_model\" is missing"},
      {{{"num_layers", nullptr}}, "field \"num_layers\" is missing"},
      {{{"vocab_size", nullptr}}, "field \"vocab_size\" is missing"},
      {{{"d_model", "512"}}, "field \"d_model\" must be an integer, got string"},
      {{{"d_model", 512.5}}, "field \"d_model\" must be an integer"},
      {{{"num_heads", 0}}, "field \"num_heads\" is 0; expected 1 to"},
      {{{"num_layers", -3}}, "field \"num_layers\" is -3"},
      {{{"num_layers", 1000000}}, "field \"num_layers\" is 1000000"},
      {{{"vocab_size", 18446744073709551615U}}, "field \"vocab_size\" is 18446744073709551615"},
      {{{"relative_attention_num_buckets", 2}}, "relative_attention_num_buckets"},
      {{{"relative_attention_max_distance", 16}}, "relative_attention_max_distance"},
      {{{"layer_norm_epsilon", 0}}, "layer_norm_epsilon"},
      {{{"layer_norm_epsilon", "small"}}, "must be a number"},
      {{{"feed_forward_proj", "gated-tanh"}}, "activation \"tanh\""},
      {{{"feed_forward_proj", 1}}, "field \"feed_forward_proj\" must be a string"},
      {{{"dense_act_fn", "mish"}}, "activation \"mish\""},
      {{{"is_gated_act", "yes"}}, "field \"is_gated_act\" must be true or false"},
      {{{"tie_word_embeddings", 1}}, "field \"tie_word_embeddings\" must be true or false"},
      {{{"pad_token_id", 32128}}, "field \"pad_token_id\" is 32128"},
      {{{"eos_token_id", json::array()}}, "field \"eos_token_id\" must be an id"},
      {{{"eos_token_id", {40000}}}, "field \"eos_token_id\" is 40000"},
      {{{"model_type", "umt5"}}, "field \"model_type\" is \"umt5\"; only t5 and mt5"},
      {{{"model_type", "bert"}}, "only t5 and mt5"},
  };
  for (const auto& [changes, part] : rows) {
    try {
      read_with(changes);
      ADD_FAILURE() << changes << " was accepted";
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("config.json: "), std::string::npos) << error.what();
    }
  }
}

TEST(Config, FilesThatAreNoneAreRefused) {
  const TemporaryFolder folder;
  EXPECT_THROW(read_t5_config(folder / "none.json"), UserError);
  EXPECT_THROW(read_t5_config(folder.path()), UserError);
  for (const std::string text : {"", "{", "[]", "3", "{\"d_model\":", "\xff"}) {
    write_file(folder / "c.json", text);
    EXPECT_THROW(read_t5_config(folder / "c.json"), UserError) << text;
  }
  write_file(folder / "c.json", std::string(1 << 20, '[') + "x");
  EXPECT_THROW(read_t5_config(folder / "c.json"), UserError);
}

TEST(Config, ReadsBackWhatItWrote) {
  const TemporaryFolder folder;
  for (const bool gated : {false, true}) {
    for (const Activation activation : {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
      T5Config config = named_t5_config("t5-base");
      config.gated = gated;
      config.activation = activation;
      config.num_decoder_layers = 3;
      config.eos_token_id = 7;
      write_t5_config(folder / "c.json", config);
      const T5Config back = read_t5_config(folder / "c.json");
      EXPECT_EQ(back.gated, gated);
      EXPECT_EQ(back.activation, activation);
      EXPECT_EQ(back.num_layers, 12);
      EXPECT_EQ(back.num_decoder_layers, 3);
      EXPECT_EQ(back.eos_token_id, 7);
      EXPECT_FALSE(back.tie_word_embeddings);
      EXPECT_FALSE(back.scale_decoder_outputs);
    }
  }
}

TEST(Config, NamedShapes) {
  EXPECT_EQ(named_t5_config("t5-xxl").inner(), 4096);
  EXPECT_EQ(named_t5_config("t5-small").num_heads, 6);
  try {
    named_t5_config("t5-huge");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("t5-small"), std::string::npos);
  }
}

}  // namespace
}  // namespace prelude
