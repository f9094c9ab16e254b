#include "launch/commands/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/t5/initialise.h"
#include "core/t5/load.h"
#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

using Words = std::vector<std::string>;

nlohmann::json plan(Words options) {
  options.insert(options.begin(), "plan");
  options.emplace_back("--json");
  const ProgramResult result = run_program(options);
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_TRUE(result.errors.empty()) << result.errors;
  return nlohmann::json::parse(result.output);
}

TEST(PlanCommand, CountsXxlOnEightRanks) {
  const nlohmann::json object = plan({"--shape", "t5-xxl", "--tensor-parallel", "8", "--micro-batch", "32"});
  EXPECT_EQ(object["weights"]["parameters"], 11'135'332'352);
  ASSERT_EQ(object["ranks"].size(), 3);  // of 1, 8, 64, 512
  const nlohmann::json& first = object["ranks"][0];
  EXPECT_EQ(first["ranks"], 8);
  EXPECT_EQ(first["counted"]["tensor_collectives"]["total"]["number"], 239);
  EXPECT_EQ(first["counted"]["world_sum"]["number"], 1);
  EXPECT_EQ(first["counted"]["world_sum"]["bytes"], 4 * (100 * 4096 + 4));
  EXPECT_EQ(object["ranks"][2]["global_batch"], 64 * 32);
  for (const nlohmann::json& row : object["ranks"]) {
    const nlohmann::json& predicted = row["predicted"];
    EXPECT_GT(predicted["step_seconds"], predicted["compute_seconds"]);
    EXPECT_GT(predicted["efficiency"], 0.0);
    EXPECT_LT(predicted["efficiency"], 1.0);
  }
  EXPECT_EQ(object["assumptions"]["matmul_tflops"], 590);
  EXPECT_EQ(object["memory_estimate"]["fits"], true);
}

TEST(PlanCommand, SaysOnItsPageWhatIsCountedAndWhatIsAssumed) {
  const ProgramResult result = run_program({"plan", "--tensor-parallel", "8"});
  EXPECT_EQ(result.code, 0);
  for (const char* words : {"11,135,332,352", "COUNTED", "239 a micro-batch", "PREDICTED, not measured", "ESTIMATE",
                            "590 useful TFLOP/s", "fits in 139 GiB"}) {
    EXPECT_NE(result.output.find(words), std::string::npos) << words << "\n" << result.output;
  }
}

TEST(PlanCommand, ReadsAConfigAlone) {
  const TemporaryFolder folder;
  T5Config config = named_t5_config("t5-base");
  config.vocab_size = 70000;  // wide tokens
  write_t5_config(folder / "config.json", config);
  const nlohmann::json object = plan({"--backbone", folder.path(), "--ranks", "1", "4", "--source", "50"});
  EXPECT_EQ(object["ranks"].size(), 2);
  EXPECT_EQ(object["ranks"][1]["counted"]["corpus_bytes"], 32 * 50 * 4);
}

// A file that says tied and scale_decoder_outputs, as newer ones do, leaves open whether there is an output matrix.
TEST(PlanCommand, AsksTheHeadersForAnOutputMatrix) {
  const TemporaryFolder folder;
  const T5Config config = named_t5_config("tiny");
  write_t5_config(folder / "config.json", config);
  const nlohmann::json open = plan({"--backbone", folder.path()});
  EXPECT_TRUE(open["weights"].contains("output_matrix"));

  const TemporaryFolder made;
  const Weights weights = initialise_weights(config, 1, at::kCPU, at::kFloat);
  save_backbone(made.path(), config, weights, "");
  const nlohmann::json settled = plan({"--backbone", made.path(), "--dtype", "float32"});
  EXPECT_FALSE(settled["weights"].contains("output_matrix"));
  EXPECT_EQ(settled["weights"]["resident_bytes"], weights.bytes());
}

TEST(PlanCommand, SaysWhatWouldFit) {
  const Words small{"plan", "--ranks", "1", "--memory-gib", "40"};
  const ProgramResult result = run_program(small);
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.output.find("DOES NOT FIT in 40 GiB; --tensor-parallel "), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("or --micro-batch "), std::string::npos) << result.output;
  const nlohmann::json none = plan({"--ranks", "1", "--memory-gib", "0.5"});
  EXPECT_EQ(none["memory_estimate"]["fits"], false);
  EXPECT_TRUE(none["memory_estimate"]["fits_at_tensor_parallel"].is_null());
}

TEST(PlanCommand, RunningLayersAgainCostsTimeAndSparesMemory) {
  const nlohmann::json kept = plan({"--ranks", "1"});
  const nlohmann::json again = plan({"--ranks", "1", "--recompute"});
  const auto flops = [](const nlohmann::json& one) {
    return one["ranks"][0]["counted"]["flops_sharded"].get<double>();
  };
  const auto bytes = [](const nlohmann::json& one) { return one["memory_estimate"]["total_bytes"].get<double>(); };
  EXPECT_NEAR(flops(again) / flops(kept), 1.5, 0.02);
  EXPECT_LT(bytes(again), bytes(kept));
}

TEST(PlanCommand, RefusesWhatCannotBe) {
  struct Mistake {
    Words options;
    const char* message;
  };
  const std::vector<Mistake> mistakes{
      {{"--tensor-parallel", "3"}, "tensor parallel 3 does not divide 64 heads; use 1, 2, 4, 8, 16, 32, 64"},
      {{"--tensor-parallel", "8", "--ranks", "12"}, "--ranks: 12 is no multiple of --tensor-parallel 8; use 16"},
      {{"--ranks", "many"}, "--ranks: 'many' is not a whole number"},
      {{"--ranks", "0"}, "--ranks: 0 must be at least 1"},
      {{"--shape", "t5-huge"}, "unknown shape \"t5-huge\""},
      {{"--shape", "tiny", "--backbone", "x"}, "give either --shape or --backbone"},
      {{"--backbone", "no-such-folder"}, "no-such-folder/config.json"},
      {{"--matmul-tflops", "0"}, "--matmul-tflops: 0 must be more than 0"},
      {{"--global-batch", "0"}, "--global-batch: 0 must be at least 1"},
  };
  for (const Mistake& mistake : mistakes) {
    Words words{"plan"};
    words.insert(words.end(), mistake.options.begin(), mistake.options.end());
    const ProgramResult result = run_program(words);
    EXPECT_EQ(result.code, 2) << mistake.message;
    EXPECT_TRUE(result.output.empty());
    EXPECT_NE(result.errors.find(mistake.message), std::string::npos) << result.errors;
    EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
  }
}

}  // namespace
}  // namespace prelude::test
