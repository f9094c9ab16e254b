// data/backbone-small and data/prompts, as they are shipped.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

const std::string root = PRELUDE_SOURCE_DIR;

std::vector<nlohmann::json> read_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

// Held-out windows; `loss` of each is transformers' (scripts/make-shipped-golden).
std::vector<nlohmann::json> windows() { return read_lines(root + "/tests/data/shipped/windows.jsonl"); }

std::vector<double> losses(const std::vector<nlohmann::json>& lines, const std::vector<std::string>& more = {}) {
  const TemporaryFolder folder;
  std::ofstream input(folder / "in");
  for (const auto& line : lines) {
    input << nlohmann::json{{"source_ids", line["source_ids"]}, {"target_ids", line["target_ids"]}}.dump() << "\n";
  }
  input.close();
  std::vector<std::string> words{"predict",      "--backbone",  root + "/data/backbone-small",
                                 "--input",      folder / "in", "--output",
                                 folder / "out", "--dtype",     "float32"};
  words.insert(words.end(), more.begin(), more.end());
  const ProgramResult result = run_program(words);
  EXPECT_EQ(result.code, 0) << result.errors;
  std::vector<double> values;
  for (const auto& line : read_lines(folder / "out")) values.push_back(line["loss"]);
  return values;
}

TEST(ShippedBackbone, ScoresHeldOutTextAsTransformersDoes) {
  const auto lines = windows();
  const auto got = losses(lines);
  ASSERT_GE(lines.size(), 8U);
  ASSERT_EQ(got.size(), lines.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], lines[i]["loss"], 1e-4) << i;
}

// What a backbone that prompts can speak to must do: the text it reads changes what it says.
TEST(ShippedBackbone, ReadsItsSource) {
  auto lines = windows();
  const auto own = losses(lines);
  const nlohmann::json first = lines.front()["source_ids"];
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) lines[i]["source_ids"] = lines[i + 1]["source_ids"];
  lines.back()["source_ids"] = first;
  const auto other = losses(lines);
  double gain = 0;
  for (std::size_t i = 0; i < own.size(); ++i) gain += (other.at(i) - own[i]) / static_cast<double>(own.size());
  EXPECT_GT(gain, 0.2);
}

TEST(ShippedPrompts, AreForTheBackbone) {
  const auto lines = windows();
  const auto bare = losses(lines);
  for (const std::string task : {"nsp", "nss", "cls", "unified"}) {
    const auto with = losses(lines, {"--prompt", fmt::format("{}/data/prompts/{}", root, task)});
    ASSERT_EQ(with.size(), bare.size()) << task;
    EXPECT_NE(with, bare) << task;
  }
}

}  // namespace
}  // namespace prelude::test
