#include <gtest/gtest.h>

#include "core/t5/load.h"
#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

const std::string tokenizer = std::string(PRELUDE_SOURCE_DIR) + "/data/tokenizer/spiece.model";

ProgramResult create(const std::string& output, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"backbone", "create", "--tokenizer", tokenizer, "--output", output};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program(arguments);
}

TEST(BackboneCreate, MakesAFolderThatLoads) {
  const TemporaryFolder folder;
  const ProgramResult result = create(folder / "b", {"--shape", "tiny", "--seed", "7"});
  ASSERT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.output.find("random backbone, never trained"), std::string::npos);
  const Backbone backbone = load_backbone(folder / "b", at::kCPU, at::kFloat);
  EXPECT_EQ(backbone.config.d_model, 64);
  EXPECT_EQ(backbone.config.vocab_size, 32128);  // T5's 32,100 ids, rounded up as T5 rounds
  EXPECT_EQ(backbone.config.eos_token_id, 1);
  EXPECT_EQ(read_file(backbone.tokenizer_path + "/spiece.model"), read_file(tokenizer));
}

TEST(BackboneCreate, TheSeedDecidesEveryByte) {
  const TemporaryFolder folder;
  ASSERT_EQ(create(folder / "a", {"--shape", "tiny", "--seed", "7"}).code, 0);
  ASSERT_EQ(create(folder / "b", {"--shape", "tiny", "--seed", "7"}).code, 0);
  ASSERT_EQ(create(folder / "c", {"--shape", "tiny", "--seed", "8"}).code, 0);
  EXPECT_EQ(read_file(folder / "a/model.safetensors"), read_file(folder / "b/model.safetensors"));
  EXPECT_NE(read_file(folder / "a/model.safetensors"), read_file(folder / "c/model.safetensors"));
}

TEST(BackboneCreate, AConfigFileGivesTheShape) {
  const TemporaryFolder folder;
  ASSERT_EQ(create(folder / "a", {"--shape", "tiny"}).code, 0);
  ASSERT_EQ(create(folder / "b", {"--model-config", folder / "a/config.json"}).code, 0);
  EXPECT_EQ(read_file(folder / "a/config.json"), read_file(folder / "b/config.json"));
  EXPECT_EQ(read_file(folder / "a/model.safetensors"), read_file(folder / "b/model.safetensors"));
}

TEST(BackboneCreate, MistakesAreOneLine) {
  const TemporaryFolder folder;
  ASSERT_EQ(create(folder / "a", {"--shape", "tiny"}).code, 0);
  const std::pair<std::vector<std::string>, const char*> rows[] = {
      {{}, "give either --shape or --model-config"},
      {{"--shape", "tiny", "--model-config", folder / "a/config.json"}, "give either --shape or --model-config"},
      {{"--shape", "huge"}, "unknown shape \"huge\"; known: tiny"},
      {{"--shape", "tiny"}, "which stays as it is"},
  };
  for (const auto& [arguments, part] : rows) {
    const ProgramResult result = create(folder / "a", arguments);
    EXPECT_EQ(result.code, 2) << result.errors;
    EXPECT_NE(result.errors.find(part), std::string::npos) << result.errors;
  }
}

}  // namespace
}  // namespace prelude::test
