// What a run is bound to, and what it says when it resumes.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/rank_checkpoint.h"
#include "tests/launch/commands/lm_bench.h"
#include "tests/launch/commands/pretrain_bench.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> four{"--steps", "4"};
const std::vector<std::string> six{"--steps", "6"};

std::string with_field(const std::string& config, const char* name, const nlohmann::json& value) {
  nlohmann::json object = nlohmann::json::parse(config);
  object[name] = value;
  return object.dump();
}

std::string with_flipped_byte(std::string bytes) {
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  return bytes;
}

struct Change {
  std::string file;
  std::string content;
  std::string said;
};

// Each change alone makes `again` a mistake that says so; without it the run resumes.
void expect_each_refused(const std::vector<Change>& changes, const std::function<ProgramResult()>& again) {
  for (const Change& change : changes) {
    const std::string before = read_file(change.file);
    write_file(change.file, change.content);
    const ProgramResult result = again();
    EXPECT_EQ(result.code, 2) << change.file << ": " << result.errors;
    EXPECT_NE(result.errors.find(change.said), std::string::npos) << result.errors;
    write_file(change.file, before);
  }
  const ProgramResult result = again();
  EXPECT_EQ(result.code, 0) << result.errors;
}

TEST(Resume, APretrainRunIsBoundToAllOfItsBackboneAndCorpus) {
  const PretrainBench bench;
  ASSERT_EQ(bench.pretrain("run", four).code, 0);
  const std::string config = bench.path("backbone/config.json");
  const std::string shard = bench.path("corpus/shard-00000.h5");
  const std::string bytes = read_file(config);
  expect_each_refused({{config, with_field(bytes, "layer_norm_epsilon", 1e-3), "the config.json in"},
                       {config, with_field(bytes, "dense_act_fn", "silu"), "the config.json in"},
                       {config, with_field(bytes, "relative_attention_max_distance", 64), "the config.json in"},
                       {config, with_field(bytes, "decoder_start_token_id", 1), "the config.json in"},
                       {shard, with_flipped_byte(read_file(shard)), "shard-00000.h5' is missing or damaged"}},
                      [&] { return bench.pretrain("run", six); });
}

TEST(Resume, ALmRunIsBoundToAllOfItsBackboneAndCorpus) {
  const LmBench bench;
  ASSERT_EQ(bench.lm("first", {{"--steps", "2"}}).code, 0);
  const std::string backbone = bench.path("first/backbone");
  const LmBench::Options from{{"--init", ""}, {"--tokenizer", ""}, {"--backbone", backbone}};
  const auto run = [&](const char* steps) {
    LmBench::Options options = from;
    options["--steps"] = steps;
    return bench.lm("run", options);
  };
  ASSERT_EQ(run("4").code, 0);
  const std::string config = backbone + "/config.json";
  const std::string weights = backbone + "/model.safetensors";
  const std::string shard = bench.path("corpus/shard-00000.h5");
  expect_each_refused({{config, with_field(read_file(config), "layer_norm_epsilon", 1e-3), "its config.json differs"},
                       {weights, with_flipped_byte(read_file(weights)), "its weights differs"},
                       {shard, with_flipped_byte(read_file(shard)), "shard-00000.h5' is missing or damaged"}},
                      [&] { return run("6"); });
}

TEST(Resume, SaysThatAnotherRevisionWroteTheCheckpoint) {
  const PretrainBench bench;
  ASSERT_EQ(bench.pretrain("run", four).code, 0);
  EXPECT_EQ(bench.pretrain("run", {"--steps", "5"}).errors.find("revision"), std::string::npos);
  const std::string path = bench.path("run/checkpoints/step-00000005.h5");
  Checkpoint checkpoint = read_checkpoint(path);
  checkpoint.revision = "0123abcd";
  write_checkpoint(path, checkpoint);
  const ProgramResult result = bench.pretrain("run", six);
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("warning: the checkpoint was written by revision 0123abcd of the program"),
            std::string::npos)
      << result.errors;
}

TEST(Resume, SaysThatAnotherRevisionWroteTheCheckpointOfLm) {
  const LmBench bench;
  ASSERT_EQ(bench.lm("run", {{"--steps", "4"}}).code, 0);
  const std::string path = bench.newest_checkpoint("run") + "/rank-00000-of-00001.h5";
  RankCheckpoint checkpoint = read_rank_checkpoint(path);
  checkpoint.revision = "0123abcd";
  write_rank_checkpoint(path, checkpoint);
  const ProgramResult result = bench.lm("run", {{"--steps", "6"}});
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("warning: the checkpoint was written by revision 0123abcd of the program"),
            std::string::npos)
      << result.errors;
}

TEST(Resume, TheStepLinesShowTheValidationThatIsKnown) {
  const PretrainBench bench;
  ASSERT_EQ(bench.pretrain("run", four).code, 0);
  const ProgramResult result = bench.pretrain("run", {"--steps", "5"});
  EXPECT_EQ(result.code, 0) << result.errors;
  const std::size_t step = result.errors.find("step 5/5");
  ASSERT_NE(step, std::string::npos) << result.errors;
  const std::string line = result.errors.substr(step, result.errors.find('\n', step) - step);
  EXPECT_EQ(line.find("validation        -"), std::string::npos) << line;
  EXPECT_NE(line.find("validation"), std::string::npos) << line;
}

}  // namespace
}  // namespace prelude::test
