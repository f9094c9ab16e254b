// Mistakes in backbone folders.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

class BackboneMistakes : public testing::Test {
 protected:
  // Every command that takes a backbone reads it in the same way.
  std::vector<std::string> with(const std::string& backbone) { return shop_.pretrain("r", {"--backbone", backbone}); }
  Workshop shop_;
};

TEST_F(BackboneMistakes, InTheFolder) {
  const std::string good = shop_.backbone();
  const std::string only_bin = shop_.without(good, "bin", "model.safetensors");
  shop_.file("bin/pytorch_model.bin", "x");
  const std::string bad_tokenizer = shop_.copy(good, "bad-tokenizer");
  shop_.file("bad-tokenizer/spiece.model", "this is no SentencePiece model");
  expect_mistakes({
      {"no such folder", with(shop_.path("none")), {"none: no such backbone folder", "Hugging Face's layout"}},
      {"an empty folder", with(shop_.folder("empty")), {"empty/config.json", "No such file"}},
      {"no weights", with(shop_.without(good, "no-weights", "model.safetensors")), {"no-weights", "model.safetensors"}},
      {"weights of PyTorch", with(only_bin), {"pytorch_model.bin", "convert it once with: scripts/convert-bin"}},
      {"no tokenizer",
       with(shop_.without(good, "no-tokenizer", "spiece.model")),
       {"no-tokenizer' has no spiece.model", "copy"}},
      {"a tokenizer that is none", with(bad_tokenizer), {"bad-tokenizer/spiece.model", "SentencePiece"}},
  });
}

TEST_F(BackboneMistakes, InTheConfig) {
  const std::string good = shop_.backbone();
  const auto changed = [&](const std::string& name, const std::string& field, const nlohmann::json& value) {
    return with(shop_.with_field(good, name, "config.json", field, value));
  };
  const std::string no_json = shop_.copy(good, "no-json");
  shop_.file("no-json/config.json", "{\"d_model\": ");
  expect_mistakes({
      {"no JSON", with(no_json), {"no-json/config.json"}},
      {"another model", changed("bert", "model_type", "bert"), {"bert/config.json", "model_type"}},
      {"a width in words",
       changed("words", "d_model", "wide"),
       {"words/config.json: field \"d_model\" must be an integer"}},
      {"a negative width", changed("negative", "d_ff", -8), {"negative/config.json: field \"d_ff\" is -8"}},
      {"an unknown activation", changed("swish", "dense_act_fn", "swoosh"), {"activation \"swoosh\"", "known: relu"}},
      {"a vocabulary smaller than the tokenizer's",
       {"backbone", "create", "--model-config",
        shop_.with_field(good, "small-vocabulary", "config.json", "vocab_size", 100) + "/config.json", "--tokenizer",
        Workshop::tokenizer(), "--output", shop_.path("b")},
       {"vocab_size 100 is less than the 32100 ids"}},
  });
}

TEST_F(BackboneMistakes, InTheWeights) {
  const std::string good = shop_.backbone();
  const auto changed = [&](const std::string& name, const std::string& field, const nlohmann::json& value) {
    return with(shop_.with_field(good, name, "config.json", field, value));
  };
  const auto config = nlohmann::json::parse(std::ifstream(good + "/config.json"));
  const std::string no_safetensors = shop_.copy(good, "no-safetensors");
  shop_.file("no-safetensors/model.safetensors", "this is a text, not a tensor");
  expect_mistakes({
      {"cut short", with(shop_.with_cut(good, "cut", "model.safetensors", 0.7)), {"cut/model.safetensors"}},
      {"cut in the header",
       with(shop_.with_cut(good, "cut2", "model.safetensors", 0.0001)),
       {"cut2/model.safetensors"}},
      {"no safetensors", with(no_safetensors), {"no-safetensors/model.safetensors"}},
      {"a tensor of another shape",
       changed("shape", "d_ff", config.at("d_ff").get<int>() + 8),
       {"encoder.block.0.layer.1.DenseReluDense.wi_0.weight", "shape"}},
      {"a tensor that is missing",
       changed("missing", "num_layers", config.at("num_layers").get<int>() + 1),
       {"missing", "encoder.block."}},
      {"a tensor left over",
       changed("left", "num_decoder_layers", config.at("num_decoder_layers").get<int>() - 1),
       {"left", "decoder.block."}},
      {"another vocabulary", changed("vocabulary", "vocab_size", 32000), {"shared.weight"}},
  });
}

}  // namespace
}  // namespace prelude::test
