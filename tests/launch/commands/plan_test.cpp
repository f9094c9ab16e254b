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
  EXPECT_EQ(first["counted"]["world_sum"]["bytes"], 4 * (100 * 4096 + 6));
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

// T5-XXL at tensor parallel 4: 2,981,602,304 weights a rank, counted in core's tests.
TEST(PlanCommand, CountsTheTrainingOfAllWeights) {
  const Words job{
      "--train",  "backbone", "--shape",        "t5-xxl", "--tensor-parallel", "4", "--ranks",      "16",  "4",
      "--source", "512",      "--global-batch", "16",     "--micro-batch",     "4", "--memory-gib", "74.5"};
  const std::int64_t held = 2'981'602'304;
  const nlohmann::json object = plan(job);
  EXPECT_EQ(object["job"]["train"], "backbone");
  EXPECT_EQ(object["job"]["prompt_length"], 0);
  const nlohmann::json& memory = object["memory_estimate"];
  EXPECT_EQ(memory["fits"], true);
  EXPECT_EQ(memory["gradient_bytes"], 4 * (held + 6));
  EXPECT_EQ(memory["master_bytes"], held);
  EXPECT_EQ(memory["moment_bytes"], 2 * held);
  const nlohmann::json& counted = object["ranks"][0]["counted"];
  EXPECT_EQ(counted["world_sum"]["bytes"], 4 * (held + 6));
  EXPECT_EQ(counted["weight_gather"]["bytes"], 2 * held);
  EXPECT_NEAR(counted["world_bytes_sent"].get<double>(),
              2 * 0.75 * 4 * static_cast<double>(held + 6) + 0.75 * 2 * static_cast<double>(held), 1);
  // Two collectives at 20 us, between hosts at 40 GB/s.
  EXPECT_NEAR(object["ranks"][0]["predicted"]["world_seconds"].get<double>(),
              40e-6 + counted["world_bytes_sent"].get<double>() / 40e9, 1e-9);
  EXPECT_EQ(counted["tensor_collectives"]["total"]["number"], 241);
  // One copy: nobody to share with.
  EXPECT_EQ(object["ranks"][1]["counted"]["world_sum"]["number"], 0);
  EXPECT_EQ(object["ranks"][1]["counted"]["weight_gather"]["number"], 0);

  Words whole = job;
  whole.insert(whole.end(), {"--shard-optimizer", "off"});
  const nlohmann::json apart = plan(whole);
  EXPECT_EQ(apart["memory_estimate"]["moment_bytes"], 8 * held);
  EXPECT_EQ(apart["ranks"][0]["counted"]["weight_gather"]["bytes"], 0);
  Words factored = job;
  factored.insert(factored.end(), {"--optimizer", "adafactor"});
  EXPECT_LT(plan(factored)["memory_estimate"]["moment_bytes"].get<std::int64_t>(), held / 100);

  Words recomputed = job;
  recomputed.emplace_back("--recompute");
  const nlohmann::json again = plan(recomputed);
  EXPECT_NEAR(again["ranks"][0]["counted"]["flops_sharded"].get<double>() / counted["flops_sharded"].get<double>(),
              4.0 / 3, 0.01);
  EXPECT_LT(again["memory_estimate"]["total_bytes"], memory["total_bytes"]);

  Words page = job;
  page.insert(page.begin(), "plan");
  const ProgramResult result = run_program(page);
  for (const char* words : {"All weights train", "6 N a token", "gradient sum", "weights gathered", "master copies",
                            "1/4 of them", "3 a layer, [B,T,D]", "fits in 74.5 GiB"}) {
    EXPECT_NE(result.output.find(words), std::string::npos) << words << "\n" << result.output;
  }
}

// PPT pre-trained prompts of an 11B T5 on 32 GB GPUs, four a copy, 64 examples of 512 positions a copy.
TEST(PlanCommand, PromptsOfXxlFitOnFourSmallGpus) {
  const nlohmann::json object =
      plan({"--shape", "t5-xxl", "--tensor-parallel", "4", "--ranks", "4", "--global-batch", "64", "--micro-batch",
            "64", "--target", "3", "--recompute", "--memory-gib", "29.8"});
  EXPECT_EQ(object["job"]["train"], "delta");
  EXPECT_EQ(object["memory_estimate"]["fits"], true);
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
      {{"--train", "backbone", "--prompt-length", "100"}, "--train backbone trains no prompt; drop --prompt-length"},
      {{"--train", "backbone", "--shard", "gather"}, "--train backbone with --shard gather"},
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
