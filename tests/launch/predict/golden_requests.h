// Requests and what transformers answers to them: tests/data/predict, made by scripts/make-predict-goldens.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace prelude::test {

struct GoldenFile {
  const char* backbone;  // in tests/data/golden
  bool prompt;

  std::string path() const {
    return std::string(PRELUDE_SOURCE_DIR "/tests/data/predict/") + backbone + (prompt ? "-prompt" : "-bare") +
           ".jsonl";
  }
  std::string backbone_folder() const { return std::string(PRELUDE_SOURCE_DIR "/tests/data/golden/") + backbone; }
  std::string prompt_folder() const { return prompt ? backbone_folder() + "/prompt" : ""; }

  std::vector<nlohmann::json> lines() const {
    std::ifstream file(path());
    std::vector<nlohmann::json> all;
    for (std::string line; std::getline(file, line);) all.push_back(nlohmann::json::parse(line));
    return all;
  }
};

inline const std::vector<GoldenFile>& golden_files() {
  static const std::vector<GoldenFile> files{{"v1_1", true},       {"v1_1", false},      {"relu_tied", true},
                                             {"relu_tied", false}, {"gated_tied", true}, {"gated_tied", false}};
  return files;
}

inline void expect_near(const nlohmann::json& got, const nlohmann::json& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i].get<double>(), expected[i].get<double>(), 1e-4);
}

}  // namespace prelude::test
