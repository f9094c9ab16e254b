// A run on real text, from the books in data/ to a prompt, by the program alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::run_program;

std::vector<double> validation_losses(const std::string& metrics) {
  std::vector<double> losses;
  std::ifstream file(metrics);
  for (std::string line; std::getline(file, line);) {
    const auto value = nlohmann::json::parse(line);
    if (value.contains("validation_loss")) losses.push_back(value["validation_loss"].get<double>());
  }
  return losses;
}

TEST(PretrainRealText, TheLossFallsByFarMoreThanSeedsDiffer) {
  const test::TemporaryFolder folder;
  const std::string data = PRELUDE_SOURCE_DIR "/data/";
  const auto tokenizer = data + "tokenizer/spiece.model";
  const auto corpus = run_program({"corpus", "build", "--input", data + "text/books-small.jsonl.gz", "--tokenizer",
                                   tokenizer, "--output", folder / "corpus"});
  ASSERT_EQ(corpus.code, 0) << corpus.errors;
  const auto backbone =
      run_program({"backbone", "create", "--shape", "tiny", "--tokenizer", tokenizer, "--output", folder / "backbone"});
  ASSERT_EQ(backbone.code, 0) << backbone.errors;

  std::vector<double> starts;
  std::vector<double> ends;
  for (const auto* seed : {"1", "2", "3"}) {
    const auto run = folder / ("run" + std::string(seed));
    const auto result = run_program({"pretrain",
                                     "--backbone",
                                     folder / "backbone",
                                     "--corpus",
                                     folder / "corpus",
                                     "--output",
                                     run,
                                     "--seed",
                                     seed,
                                     "--steps",
                                     "40",
                                     "--global-batch",
                                     "8",
                                     "--prompt-length",
                                     "20",
                                     "--max-source",
                                     "128",
                                     "--evaluate-every",
                                     "0",
                                     "--validation-examples",
                                     "32",
                                     "--device",
                                     "cpu",
                                     "--threads",
                                     "1"});
    ASSERT_EQ(result.code, 0) << result.errors;
    const auto losses = validation_losses(run + "/metrics.jsonl");
    ASSERT_EQ(losses.size(), 2U);
    starts.push_back(losses.front());
    ends.push_back(losses.back());
  }
  const auto [lowest, highest] = std::minmax_element(ends.begin(), ends.end());
  const double fall = *std::min_element(starts.begin(), starts.end()) - *highest;
  EXPECT_GT(fall, 1.0);
  EXPECT_GT(fall, 3 * (*highest - *lowest));
}

}  // namespace
}  // namespace prelude
