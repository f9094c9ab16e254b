#include "core/t5/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "core/error.h"
#include "core/t5/identity.h"
#include "tests/core/t5/small_backbone.h"
#include "tests/io_faults/every_fault.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using namespace test;

using Named = std::vector<std::pair<std::string, at::Tensor>>;

Named named_tensors(const T5Config& config, std::uint64_t seed) {
  Weights weights = spread_weights(config, seed, at::kFloat);
  Named tensors;
  for (const WeightSlot& slot : weight_slots(config, weights)) tensors.emplace_back(slot.name, slot.tensor.get());
  return tensors;
}

void write_tensors(const std::string& path, const Named& tensors) {
  std::vector<TensorBytes> bytes;
  for (const auto& [name, tensor] : tensors) bytes.push_back(bytes_of_tensor(name, tensor));
  write_safetensors(path, bytes);
}

at::Tensor& tensor_named(Named& tensors, const std::string& name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.first == name; });
  if (found == tensors.end()) throw std::logic_error("no " + name);
  return found->second;
}

T5Config tied_config() {
  T5Config config = small_config();
  config.tie_word_embeddings = config.scale_decoder_outputs = true;
  return config;
}

TEST(LoadBackbone, ReadsBackWhatItSaved) {
  const TemporaryFolder folder;
  write_file(folder / "tokenizer", "stands for a model");
  for (const T5Config& config : {small_config(), tied_config()}) {
    const std::string name = folder / (config.tie_word_embeddings ? "tied" : "untied");
    const Weights weights = spread_weights(config, 3, at::kFloat);
    save_backbone(name, config, weights, folder / "tokenizer");
    const Backbone backbone = load_backbone(name, at::kCPU, at::kFloat);
    EXPECT_EQ(hash_weights(backbone.config, backbone.weights), hash_weights(config, weights));
    EXPECT_EQ(backbone.weights.bytes(), weights.bytes());
    EXPECT_EQ(backbone.tokenizer_path, name);
    EXPECT_EQ(read_file(backbone.tokenizer_path + "/spiece.model"), "stands for a model");
    EXPECT_EQ(backbone.weights.lm_head.is_same(backbone.weights.embedding), config.tie_word_embeddings);
    EXPECT_THROW(save_backbone(name, config, weights, ""), UserError);
  }
}

TEST(LoadBackbone, EveryWriteThatFailsIsNoticed) {
  const TemporaryFolder folder;
  const TemporaryFolder elsewhere;
  write_file(elsewhere / "tokenizer", "stands for a model");
  const Weights weights = spread_weights(small_config(), 3, at::kFloat);
  test::expect_every_fault_noticed(
      folder.path(), [&] { std::filesystem::remove_all(folder / "b"); },
      [&] { save_backbone(folder / "b", small_config(), weights, elsewhere / "tokenizer"); });
}

TEST(LoadBackbone, LeavesFloat32InTheFileAndConvertsOthers) {
  const TemporaryFolder folder;
  const T5Config config = small_config();
  Named tensors = named_tensors(config, 3);
  write_tensors(folder / "x", tensors);
  const std::vector<SafetensorsFile> files = {SafetensorsFile(folder / "x")};
  T5Config settled = config;
  const Weights mapped = load_weights(files, settled, at::kCPU, at::kFloat);
  EXPECT_EQ(mapped.embedding.const_data_ptr(), files[0].find("shared.weight")->bytes.data());
  const Weights half = load_weights(files, settled, at::kCPU, at::kBFloat16);
  EXPECT_EQ(half.embedding.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(half.lm_head, mapped.lm_head.to(at::kBFloat16)));
  EXPECT_EQ(half.bytes() * 2, mapped.bytes());
}

TEST(LoadBackbone, TensorsOutliveTheFile) {
  const T5Config config = small_config();
  Weights weights;
  {
    const TemporaryFolder folder;
    save_backbone(folder / "b", config, spread_weights(config, 3, at::kFloat), "");
    weights = load_backbone(folder / "b", at::kCPU, at::kFloat).weights;
  }
  EXPECT_EQ(hash_weights(config, weights), hash_weights(config, spread_weights(config, 3, at::kFloat)));
}

TEST(TensorOf, CopiesWhatIsNotAligned) {
  const TemporaryFolder folder;
  std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  while (header.size() % 4 != 1) header += ' ';  // nothing forbids it
  std::string file(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(file.data(), &length, sizeof length);
  const float values[] = {1.5F, -2.0F};
  file += header;
  ASSERT_NE(file.size() % 4, 0U);
  file.append(reinterpret_cast<const char*>(values), sizeof values);
  write_file(folder / "x", file);
  const SafetensorsFile opened(folder / "x");
  const at::Tensor tensor = tensor_of(*opened.find("a"), opened.mapping());
  EXPECT_NE(tensor.const_data_ptr(), opened.find("a")->bytes.data());
  EXPECT_TRUE(at::equal(tensor, at::tensor({1.5F, -2.0F})));
}

struct Mistake {
  const char* name;
  std::function<void(Named&)> change;
  const char* message;
  bool tied = false;
};

class WrongTensor : public testing::TestWithParam<Mistake> {};

TEST_P(WrongTensor, IsNamedWithGotAndExpected) {
  const TemporaryFolder folder;
  const T5Config config = GetParam().tied ? tied_config() : small_config();
  Named tensors = named_tensors(config, 3);
  GetParam().change(tensors);
  write_t5_config(folder / "config.json", config);
  // As an older file has it: no scale_decoder_outputs.
  std::string json = read_file(folder / "config.json");
  const auto line = json.find("  \"scale_decoder_outputs\"");
  json.erase(line, json.find('\n', line) - line + 1);
  write_file(folder / "config.json", json);
  write_tensors(folder / "model.safetensors", tensors);
  try {
    load_backbone(folder.path(), at::kCPU, at::kFloat);
    FAIL() << "was accepted";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find(GetParam().message), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("model.safetensors: "), std::string::npos) << error.what();
  }
}

const char* const query = "encoder.block.1.layer.0.SelfAttention.q.weight";

INSTANTIATE_TEST_SUITE_P(
    All, WrongTensor,
    testing::Values(
        Mistake{"missing",
                [](Named& tensors) { std::erase_if(tensors, [](const auto& x) { return x.first == query; }); },
                "tensor \"encoder.block.1.layer.0.SelfAttention.q.weight\" [15,12] is missing"},
        Mistake{
            "missing_head",
            [](Named& tensors) { std::erase_if(tensors, [](const auto& x) { return x.first == "lm_head.weight"; }); },
            "tensor \"lm_head.weight\" [29,12] is missing"},
        Mistake{"shape",
                [](Named& tensors) {
                  tensor_named(tensors, query) = at::zeros({12, 15});
                },
                "is [12,15]; config.json asks for [15,12]"},
        Mistake{"dimensions", [](Named& tensors) { tensor_named(tensors, query) = at::zeros({180}); },
                "is [180]; config.json asks for [15,12]"},
        Mistake{"dtype",
                [](Named& tensors) {
                  tensor_named(tensors, query) = at::zeros({15, 12}, at::kLong);
                },
                "is I64; expected F32"},
        Mistake{"left_over", [](Named& tensors) { tensors.emplace_back("decoder.head.weight", at::zeros({2})); },
                "tensor \"decoder.head.weight\" [2] is left over"},
        Mistake{"plain_ff_of_a_gated_config",
                [](Named& tensors) {
                  tensors.emplace_back("encoder.block.0.layer.1.DenseReluDense.wi.weight", at::zeros({17, 12}));
                },
                "is left over"},
        Mistake{"embedding_copy",
                [](Named& tensors) {
                  tensors.emplace_back("encoder.embed_tokens.weight", at::zeros({29, 12}));
                },
                "tensor \"encoder.embed_tokens.weight\" differs from \"shared.weight\""},
        Mistake{"tied_head",
                [](Named& tensors) {
                  tensors.emplace_back("lm_head.weight", at::zeros({29, 12}));
                },
                "set \"tie_word_embeddings\": false", true}),
    [](const auto& c) { return std::string(c.param.name); });

TEST(LoadBackbone, ANewerFileLeavesTyingToItsTensors) {
  const TemporaryFolder folder;
  T5Config config = tied_config();
  Named tensors = named_tensors(config, 3);
  tensors.emplace_back("lm_head.weight", random_tensor({config.vocab_size, config.d_model}, 4).to(at::kFloat));
  write_t5_config(folder / "config.json", config);  // says scale_decoder_outputs
  write_tensors(folder / "model.safetensors", tensors);
  const Backbone backbone = load_backbone(folder.path(), at::kCPU, at::kFloat);
  EXPECT_FALSE(backbone.config.tie_word_embeddings);
  EXPECT_TRUE(backbone.config.scale_decoder_outputs);
  EXPECT_TRUE(at::equal(backbone.weights.lm_head, tensors.back().second));
}

// What safetensors.torch.save_model writes, what transformers 5 writes, and names alone: the embedding is one tensor
// under several names, of which a file may hold any one.
TEST(LoadBackbone, FindsATiedEmbeddingUnderEachOfItsNames) {
  const T5Config config = tied_config();
  const Weights whole = spread_weights(config, 3, at::kFloat);
  const std::string hash = hash_weights(config, whole);
  struct Stored {
    std::string name;
    std::map<std::string, std::string> metadata;
  };
  const std::vector<Stored> table{
      {"shared.weight", {}},
      {"encoder.embed_tokens.weight", {}},
      {"decoder.embed_tokens.weight", {}},
      {"lm_head.weight", {}},
      {"decoder.embed_tokens.weight",
       {{"format", "pt"},
        {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"},
        {"lm_head.weight", "decoder.embed_tokens.weight"},
        {"shared.weight", "decoder.embed_tokens.weight"}}},
  };
  std::vector<std::string> identities;
  for (const Stored& stored : table) {
    const TemporaryFolder folder;
    Named tensors = named_tensors(config, 3);
    tensors.at(0).first = stored.name;
    std::vector<TensorBytes> bytes;
    for (const auto& [name, tensor] : tensors) bytes.push_back(bytes_of_tensor(name, tensor));
    write_safetensors(folder / "model.safetensors", bytes, stored.metadata);
    write_t5_config(folder / "config.json", config);
    const Backbone backbone = load_backbone(folder.path(), at::kCPU, at::kFloat);
    EXPECT_EQ(hash_weights(backbone.config, backbone.weights), hash) << stored.name;
    EXPECT_TRUE(backbone.config.tie_word_embeddings);
    identities.push_back(identity_of(piece_hashes(backbone.files, backbone.config)));
    EXPECT_EQ(identities.back(), identities.front());
  }
}

TEST(LoadBackbone, AnOutputOfItsOwnIsNoEmbedding) {
  const TemporaryFolder folder;
  const T5Config config = small_config();
  Named tensors = named_tensors(config, 3);
  tensors.erase(tensors.begin());  // shared.weight
  write_t5_config(folder / "config.json", config);
  write_tensors(folder / "model.safetensors", tensors);
  EXPECT_NE(message_of([&] {
              load_backbone(folder.path(), at::kCPU, at::kFloat);
            }).find("tensor \"shared.weight\" [29,12] is missing"),
            std::string::npos);
}

TEST(LoadBackbone, HalfAModelIsNamed) {
  for (const char* half : {"encoder", "decoder"}) {
    const TemporaryFolder folder;
    const T5Config config = small_config();
    Named tensors = named_tensors(config, 3);
    std::erase_if(tensors,
                  [&](const auto& named) { return !named.first.starts_with(half) && named.first != "shared.weight"; });
    write_t5_config(folder / "config.json", config);
    write_tensors(folder / "model.safetensors", tensors);
    EXPECT_EQ(message_of([&] { load_backbone(folder.path(), at::kCPU, at::kFloat); }),
              folder / "model.safetensors" + ": holds the " + half +
                  " of a T5 alone; give a folder with both, as T5ForConditionalGeneration saves it");
  }
}

TEST(LoadBackbone, AnotherKindOfFolderIsNamed) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "corpus");
  write_file(folder / "corpus/corpus.json", "{}");
  std::filesystem::create_directories(folder / "run/backbone");
  write_file(folder / "run/config.ini", "# prelude lm\nsteps = 3\n");
  write_file(folder / "run/backbone/config.json", "{}");
  const auto said = [](const std::string& path) {
    return message_of([&] { load_backbone(path, at::kCPU, at::kFloat); });
  };
  EXPECT_EQ(said(folder / "corpus"),
            "'" + folder / "corpus" + "' is a corpus, not a backbone; are two options swapped?");
  EXPECT_EQ(said(folder / "run"), "'" + folder / "run" + "' is a run of `prelude lm`, not a backbone; did you mean '" +
                                      folder / "run/backbone" + "'?");
}

TEST(LoadBackbone, AGitLfsPointerIsNamed) {
  const TemporaryFolder folder;
  write_t5_config(folder / "config.json", small_config());
  write_file(folder / "model.safetensors",
             "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') + "\nsize 99\n");
  const std::string said = message_of([&] { load_backbone(folder.path(), at::kCPU, at::kFloat); });
  EXPECT_NE(said.find("model.safetensors' is a Git LFS pointer"), std::string::npos) << said;
  EXPECT_NE(said.find("git lfs pull"), std::string::npos) << said;
}

TEST(LoadBackbone, NoFolderIsTheUsersMistake) {
  const TemporaryFolder folder;
  EXPECT_THROW(load_backbone(folder / "none", at::kCPU, at::kFloat), UserError);
  EXPECT_THROW(load_backbone(folder.path(), at::kCPU, at::kFloat), UserError);
}

}  // namespace
}  // namespace prelude
