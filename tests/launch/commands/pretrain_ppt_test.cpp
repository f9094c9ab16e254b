// What PPT does and `prelude pretrain` offers by name, through the program.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "core/delta/prompt_file.h"
#include "tests/launch/commands/label_bench.h"
#include "tests/launch/commands/pretrain_bench.h"

namespace prelude {
namespace {

using test::PretrainBench;

class PretrainPpt : public ::testing::Test {
 protected:
  static PretrainBench& bench() {
    static PretrainBench bench;
    return bench;
  }
  // The rows of the run's last prompt, [P,D].
  static at::Tensor rows_after(const std::string& run, std::vector<std::string> options) {
    options.insert(options.end(), {"--evaluate-every", "0"});
    const auto result = bench().pretrain(run, options);
    EXPECT_EQ(result.code, 0) << result.errors;
    return read_prompt(bench().path(run) + "/prompt").rows;
  }
  // The validation before the first step.
  static nlohmann::json first_validation(const std::string& run, const std::string& quirks) {
    const auto result = bench().pretrain(run, {"--quirks", quirks, "--steps", "1", "--learning-rate", "1e-30"});
    EXPECT_EQ(result.code, 0) << result.errors;
    return nlohmann::json::parse(bench().metrics(run).at(0));
  }
};

TEST_F(PretrainPpt, IdenticalRowsStartTheSameAndPartInTraining) {
  const at::Tensor still =
      rows_after("still", {"--init", "identical", "--steps", "1", "--learning-rate", "1e-30", "--prompt-length", "50"});
  EXPECT_TRUE(at::equal(still, still[0].expand({50, -1})));
  EXPECT_NEAR(still.std().item<double>(), 0.1, 0.05);  // of 24 numbers
  const at::Tensor trained = rows_after("trained", {"--init", "identical", "--steps", "3"});
  EXPECT_GT((trained - trained[0]).abs().max().item<double>(), 1e-3);
}

TEST_F(PretrainPpt, BlindEndChangesTheLossOfTheLastLabelAndNoAnswer) {
  const auto sighted = first_validation("sighted", "final-sentinel");
  const auto blind = first_validation("blind", "final-sentinel,blind-end");
  const double loss = sighted["validation_loss"].get<double>();
  EXPECT_NE(blind["validation_loss"], loss);
  EXPECT_NEAR(blind["validation_loss"].get<double>(), loss, 0.1 * loss);  // two labels of three are as they were
  EXPECT_EQ(blind["validation_accuracy"], sighted["validation_accuracy"]);
}

// The blind end stands at a product's output, whose matrix is a part of a fused one in 8 bits.
TEST(PretrainPptWeights, MayBeIn8Bits) {
  const test::LabelBench bench;
  std::vector<double> losses;
  for (const char* weights : {"dtype", "fp8"}) {
    const std::string run = bench.path(weights);
    const auto result = test::run_program({"pretrain",
                                           "--backbone",
                                           bench.path("backbone"),
                                           "--corpus",
                                           bench.path("corpus"),
                                           "--output",
                                           run,
                                           "--task",
                                           "nsp",
                                           "--quirks",
                                           "ppt",
                                           "--weights",
                                           weights,
                                           "--steps",
                                           "2",
                                           "--global-batch",
                                           "4",
                                           "--max-source",
                                           "96",
                                           "--prompt-length",
                                           "8",
                                           "--validation-examples",
                                           "8",
                                           "--device",
                                           "cpu",
                                           "--threads",
                                           "1"});
    ASSERT_EQ(result.code, 0) << result.errors;
    std::istringstream lines(test::read_file(run + "/metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const auto object = nlohmann::json::parse(line);
      if (object.contains("loss")) losses.push_back(object["loss"].get<double>());
    }
  }
  ASSERT_EQ(losses.size(), 4U);
  EXPECT_NE(losses[2], losses[0]);
  EXPECT_NEAR(losses[2], losses[0], 0.05 * losses[0]);
  EXPECT_NEAR(losses[3], losses[1], 0.05 * losses[1]);
}

}  // namespace
}  // namespace prelude
