// JSON that a stranger wrote: bounded depth and size, no key twice, errors of one line.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/io/json_problem.h"
#include "core/io/printable.h"

namespace prelude {

struct JsonLimits {
  int depth = 32;
  std::size_t values = std::size_t{4} << 20;  // some 70 bytes of memory each
};

// Parses a whole JSON text into `value`. What is wrong with it instead: no valid JSON or UTF-8, a key twice in one
// object, a number beyond float64, more than `limits` allow.
std::optional<JsonProblem> parse_json(std::string_view text, const JsonLimits& limits, nlohmann::json& value);

// One JSON object nested at most `depth` deep. Throws UserError naming `path`, which may be a file or a line of one
// ("train.jsonl:7"), and the line and byte inside it.
nlohmann::json parse_shallow_object(const std::string& path, std::string_view text, int depth);
// The same of a JSON array.
nlohmann::json parse_shallow_array(const std::string& path, std::string_view text, int depth);

// The object or array that a file of at most `most_bytes` holds.
nlohmann::json read_json_file(const std::string& path, std::size_t most_bytes, const JsonLimits& limits = {});

}  // namespace prelude
