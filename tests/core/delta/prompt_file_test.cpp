#include "core/delta/prompt_file.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"
#include "core/io/npy.h"
#include "core/io/safetensors.h"
#include "tests/io_faults/every_fault.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Made by scripts/make-state-goldens with PEFT: 3 rows x 5, (i - 7) / 4.
std::string golden(const std::string& name) { return PRELUDE_SOURCE_DIR "/tests/data/peft/" + name; }

at::Tensor golden_rows() { return at::arange(15, at::kFloat).sub(7).div(4).view({3, 5}); }

class PromptFile : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return root_ / name; }

  static Prompt random_prompt() {
    at::manual_seed(11);
    Prompt prompt;
    prompt.rows = at::randn({4, 6});
    prompt.base_model = "backbones/tiny";
    prompt.origin = {{"task", "nsp"}, {"step", "300"}};
    return prompt;
  }
  // A sound folder with one field of adapter_config.json changed.
  std::string with_field(const std::string& name, const json& value) const {
    write_prompt_folder(path("p"), random_prompt());
    json config = json::parse(test::read_file(path("p/adapter_config.json")));
    config[name] = value;
    test::write_file(path("p/adapter_config.json"), config.dump());
    return path("p");
  }
  std::string with_tensor(TensorType type, const std::vector<std::int64_t>& shape, const at::Tensor& data,
                          const std::string& name = "prompt_embeddings") const {
    write_prompt_folder(path("p"), random_prompt());
    const TensorBytes tensor{name, type, shape, {static_cast<const std::byte*>(data.data_ptr()), data.nbytes()}};
    write_safetensors(path("p/adapter_model.safetensors"), {&tensor, 1});
    return path("p");
  }
  static std::string refusal(const std::string& prompt, const PromptReadOptions& options = {}) {
    try {
      read_prompt(prompt, options);
    } catch (const UserError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "";
  }

 private:
  test::TemporaryFolder root_;
};

TEST_F(PromptFile, FolderComesBackBitForBit) {
  const Prompt prompt = random_prompt();
  write_prompt_folder(path("new/folder"), prompt);
  const Prompt back = read_prompt(path("new/folder"));
  EXPECT_TRUE(at::equal(back.rows, prompt.rows));
  EXPECT_EQ(back.rows.scalar_type(), at::kFloat);
  EXPECT_EQ(back.base_model, prompt.base_model);
  EXPECT_EQ(back.origin, prompt.origin);
  EXPECT_EQ(back.scale, 1.0);
  EXPECT_TRUE(back.notes.empty());

  const std::string first = test::read_file(path("new/folder/adapter_model.safetensors"));
  write_prompt_folder(path("again"), back);
  EXPECT_EQ(test::read_file(path("again/adapter_model.safetensors")), first);
  EXPECT_EQ(test::read_file(path("again/adapter_config.json")),
            test::read_file(path("new/folder/adapter_config.json")));
}

TEST_F(PromptFile, ReadsWhatPeftSaves) {
  const Prompt one = read_prompt(golden("one-submodule"));
  EXPECT_TRUE(at::equal(one.rows, golden_rows()));
  EXPECT_TRUE(one.notes.empty());
  const Prompt two = read_prompt(golden("two-submodules"));
  EXPECT_TRUE(at::equal(two.rows, golden_rows()));
  ASSERT_EQ(two.notes.size(), 1U);
  EXPECT_NE(two.notes[0].find("rows 3 to 5 are dead"), std::string::npos);
}

TEST_F(PromptFile, ArraysComeBackBitForBit) {
  const Prompt prompt = random_prompt();
  for (const auto* name : {"a.npy", "a.pt"}) {
    write_prompt_array(path(name), prompt);
    EXPECT_TRUE(at::equal(read_prompt(path(name)).rows, prompt.rows)) << name;
  }
  EXPECT_THROW(write_prompt_array(path("a.txt"), prompt), UserError);
  for (const auto* name : {"float16", "bfloat16-parameter", "float64-dict", "legacy"}) {
    EXPECT_TRUE(
        at::equal(read_prompt(std::string(PRELUDE_SOURCE_DIR "/tests/data/pt/") + name + ".pt").rows, golden_rows()));
  }
}

TEST_F(PromptFile, EveryWriteThatFailsIsNoticed) {
  Prompt before = random_prompt();
  before.rows = before.rows + 1;
  const auto write = [&](const Prompt& prompt) {
    write_prompt_folder(path("x/folder"), prompt);
    for (const auto* name : {"x/a.npy", "x/a.pt"}) write_prompt_array(path(name), prompt);
  };
  test::expect_every_fault_noticed(
      path("x"), [&] { write(before); }, [&] { write(random_prompt()); });
}

TEST_F(PromptFile, ScaleMultipliesOnceAndIsRemembered) {
  const std::string half = PRELUDE_SOURCE_DIR "/tests/data/pt/float16.pt";
  Prompt prompt = read_prompt(half, {100.0, false});
  EXPECT_TRUE(at::equal(prompt.rows, golden_rows() * 100));
  EXPECT_TRUE(prompt.notes.empty()) << "a float16 times 100 fits float32 exactly";
  write_prompt_folder(path("s"), prompt);
  EXPECT_EQ(read_prompt(path("s")).scale, 100.0);
  EXPECT_TRUE(at::equal(scaled_rows(prompt.rows, 0.01), golden_rows()));
  EXPECT_THROW(scaled_rows(prompt.rows, 1e38), UserError);
  EXPECT_NE(refusal(half, {std::numeric_limits<double>::quiet_NaN(), false}).find("--scale"), std::string::npos);
  EXPECT_NE(refusal(half, {1e300, false}).find("too large"), std::string::npos);
}

TEST_F(PromptFile, Float64IsLosslessOrRefused) {
  const at::Tensor tenth = at::full({2, 2}, 0.1, at::kDouble);
  const std::string folder = with_tensor(TensorType::f64, {2, 2}, tenth);
  json config = json::parse(test::read_file(path("p/adapter_config.json")));
  config["num_virtual_tokens"] = 2;
  config["token_dim"] = 2;
  test::write_file(path("p/adapter_config.json"), config.dump());
  EXPECT_NE(refusal(folder).find("4 float64 numbers that float32 cannot hold exactly"), std::string::npos);
  const Prompt rounded = read_prompt(folder, {1.0, true});
  EXPECT_TRUE(at::equal(rounded.rows, tenth.to(at::kFloat)));
  EXPECT_EQ(rounded.notes.size(), 2U);  // the rounding, and prelude.json of other rows
}

TEST_F(PromptFile, NamesEveryWrongField) {
  EXPECT_NE(refusal(with_field("peft_type", "LORA")).find("describes a LORA adapter"), std::string::npos);
  EXPECT_NE(refusal(with_field("task_type", "CAUSAL_LM")).find("is for CAUSAL_LM"), std::string::npos);
  EXPECT_NE(refusal(with_field("num_virtual_tokens", 3)).find("4 rows"), std::string::npos);
  EXPECT_NE(refusal(with_field("peft_type", nullptr)).find("has no peft_type"), std::string::npos);
  EXPECT_NE(refusal(with_field("num_virtual_tokens", -4)).find("above 0"), std::string::npos);
  EXPECT_NE(refusal(with_field("token_dim", 7)).find("token_dim 7"), std::string::npos);
  EXPECT_NE(refusal(with_field("token_dim", 1e300)).find("token_dim"), std::string::npos);
  EXPECT_EQ(refusal(with_field("base_model_name_or_path", 17)), "");
}

// The tensor says how many rows there are and how wide they are; a field that says it again may be missing.
TEST_F(PromptFile, DoesNotNeedWhatTheTensorSays) {
  for (const char* name : {"token_dim", "num_layers", "num_attention_heads", "num_transformer_submodules", "task_type",
                           "inference_mode", "num_virtual_tokens"}) {
    for (const bool null : {true, false}) {
      with_field(name, nullptr);
      if (!null) {
        json config = json::parse(test::read_file(path("p/adapter_config.json")));
        config.erase(name);
        test::write_file(path("p/adapter_config.json"), config.dump());
      }
      const Prompt prompt = read_prompt(path("p"));
      EXPECT_TRUE(at::equal(prompt.rows, random_prompt().rows)) << name;
      EXPECT_EQ(prompt.notes.size(), std::string(name) == "num_virtual_tokens" ? 1U : 0U) << name;
    }
  }
  // Of two submodules half are live, as where PEFT says how many.
  fs::copy(golden("two-submodules"), path("two"), fs::copy_options::recursive);
  json config = json::parse(test::read_file(path("two/adapter_config.json")));
  config.erase("num_virtual_tokens");
  config.erase("token_dim");
  config["num_transformer_submodules"] = 2;
  test::write_file(path("two/adapter_config.json"), config.dump());
  EXPECT_TRUE(at::equal(read_prompt(path("two")).rows, golden_rows()));
}

// A header may claim any size: the numbers are not believed before they are bounded.
TEST_F(PromptFile, RefusesMoreThanAnyPromptHas) {
  write_npy(path("huge.npy"), {4, 6}, std::vector<float>(24));
  std::string bytes = test::read_file(path("huge.npy"));
  bytes.replace(bytes.find("(4, 6, )"), 8, "(1048576, 1048576, )");
  bytes.erase(bytes.find("            "), 12);
  test::write_file(path("huge.npy"), bytes);
  fs::resize_file(path("huge.npy"), std::uintmax_t{1} << 42);
  EXPECT_NE(refusal(path("huge.npy")).find("1048576 x 1048576 is too large"), std::string::npos);
}

TEST_F(PromptFile, NamesAnotherKindOfFolder) {
  fs::create_directories(path("run/prompt"));
  test::write_file(path("run/config.ini"), "# prelude pretrain\n");
  write_prompt_folder(path("run/prompt"), random_prompt());
  EXPECT_EQ(refusal(path("run")), "'" + path("run") + "' is a run of `prelude pretrain`, not a prompt; did you mean '" +
                                      path("run/prompt") + "'?");
  fs::create_directories(path("corpus"));
  test::write_file(path("corpus/corpus.json"), "{}");
  EXPECT_EQ(refusal(path("corpus")), "'" + path("corpus") + "' is a corpus, not a prompt; are two options swapped?");
}

TEST_F(PromptFile, NamesEveryWrongTensor) {
  const at::Tensor rows = at::zeros({4, 6});
  EXPECT_NE(refusal(with_tensor(TensorType::i32, {4, 6}, at::zeros({4, 6}, at::kInt))).find("I32"), std::string::npos);
  EXPECT_NE(refusal(with_tensor(TensorType::f32, {24}, rows)).find("shape 24"), std::string::npos);
  EXPECT_NE(refusal(with_tensor(TensorType::f32, {4, 6}, rows, "weight")).find("no tensor prompt_embeddings"),
            std::string::npos);
  at::Tensor bad = rows.clone();
  bad[2][3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(refusal(with_tensor(TensorType::f32, {4, 6}, bad)).find("row 2, column 3 is nan"), std::string::npos);
  bad[2][3] = std::numeric_limits<float>::infinity();
  EXPECT_NE(refusal(with_tensor(TensorType::f32, {4, 6}, bad)).find("row 2, column 3 is inf"), std::string::npos);
}

TEST_F(PromptFile, NamesWhatIsNoPrompt) {
  EXPECT_NE(refusal(path("nothing")).find("no prompt at"), std::string::npos);
  fs::create_directories(path("empty"));
  EXPECT_NE(refusal(path("empty")).find("no adapter_config.json"), std::string::npos);
  test::write_file(path("a.txt"), "x");
  EXPECT_NE(refusal(path("a.txt")).find("is no prompt"), std::string::npos);
  write_npy(path("flat.npy"), {4}, std::vector<float>(4));
  EXPECT_NE(refusal(path("flat.npy")).find("shape 4"), std::string::npos);
}

TEST_F(PromptFile, WidthIsCheckedAgainstTheBackbone) {
  const Prompt prompt = random_prompt();
  EXPECT_NO_THROW(require_width(prompt, "p", 6, "b"));
  EXPECT_THROW(require_width(prompt, "p", 512, "b"), UserError);
}

TEST_F(PromptFile, UnwritableFolderIsOneLine) {
  test::write_file(path("file"), "x");
  EXPECT_THROW(write_prompt_folder(path("file/below"), random_prompt()), UserError);
}

}  // namespace
}  // namespace prelude
