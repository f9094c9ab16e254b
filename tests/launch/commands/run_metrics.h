// What a run wrote into its metrics.jsonl.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/temporary_folder.h"

namespace prelude::test {

// Without the fields that time decides, a line each.
inline std::vector<nlohmann::ordered_json> lasting_metrics(const std::string& run) {
  std::istringstream lines(read_file(run + "/metrics.jsonl"));
  std::vector<nlohmann::ordered_json> kept;
  for (std::string line; std::getline(lines, line);) {
    auto value = nlohmann::ordered_json::parse(line);
    for (const auto* name : {"step_seconds", "tokens_per_second", "validation_seconds"}) value.erase(name);
    kept.push_back(std::move(value));
  }
  return kept;
}

// Of its last whole line, while the run goes on; -1: none yet.
inline std::int64_t last_step(const std::string& run) {
  const std::string text = read_file(run + "/metrics.jsonl");
  const auto end = text.rfind('\n');
  if (end == std::string::npos) return -1;
  const auto start = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  const auto first = start == std::string::npos ? 0 : start + 1;
  return nlohmann::json::parse(text.substr(first, end - first))["step"];
}

}  // namespace prelude::test
