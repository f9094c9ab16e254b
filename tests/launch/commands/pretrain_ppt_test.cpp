// What PPT does and `prelude pretrain` offers by name, through the program.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/delta/prompt_file.h"
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

}  // namespace
}  // namespace prelude
