#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace prelude {

// What a measurement says, both ways.
struct BenchReport {
  nlohmann::ordered_json json;
  std::string text;  // lines for a reader
};

}  // namespace prelude
