#include "tasks/corpus/document_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/io/line_reader.h"
#include "core/io/shallow_json.h"
#include "core/text/utf8.h"

namespace prelude {
namespace {

// Thrown inside parse() alone, caught by document_text().
struct Problem {
  InputProblem problem;
};

[[noreturn]] void raise(ProblemKind kind, const RawDocument& raw, std::int64_t line, const std::string& what) {
  throw Problem{{kind, fmt::format("{}:{}: {}", raw.path, line, what)}};
}

// The first line of the document that is no text, with its number.
void check_utf8(const RawDocument& raw) {
  const std::size_t good = std::min(valid_utf8_bytes(raw.text), raw.text.find('\0'));
  if (good >= raw.text.size()) return;
  const std::size_t line_start = raw.text.rfind('\n', good) + 1;  // npos + 1 = 0
  const std::int64_t line =
      raw.line + std::count(raw.text.begin(), raw.text.begin() + static_cast<std::ptrdiff_t>(line_start), '\n');
  raise(ProblemKind::bad_utf8, raw, line, text_problem(std::string_view(raw.text).substr(line_start)));
}

nlohmann::json parse_object(const RawDocument& raw) {
  nlohmann::json row;
  if (const auto problem = parse_json(raw.text, {.depth = 200}, row)) {
    const std::string place = problem->byte > 0 ? fmt::format("byte {} of the line is no JSON: ", problem->byte) : "";
    raise(ProblemKind::bad_json, raw, raw.line, place + problem->reason);
  }
  if (!row.is_object())
    raise(ProblemKind::bad_json, raw, raw.line, fmt::format("a JSON object is wanted, not {}", row.type_name()));
  return row;
}

// The field's whole number or number within [least, most]; `absent` where there is no such field or it is null.
template <typename Number>
Number number_in(const nlohmann::json& row, const char* name, Number least, Number most, Number absent,
                 const RawDocument& raw) {
  const auto found = row.find(name);
  if (found == row.end() || found->is_null()) return absent;
  const bool fits = std::is_floating_point_v<Number> ? found->is_number() : found->is_number_integer();
  const double value = fits ? found->get<double>() : 0;
  if (!fits || !(value >= static_cast<double>(least) && value <= static_cast<double>(most))) {
    raise(ProblemKind::bad_field, raw, raw.line,
          fmt::format("field '{}' must be a {} between {} and {}", name,
                      std::is_floating_point_v<Number> ? "number" : "whole number", least, most));
  }
  return static_cast<Number>(value);
}

DocumentText parse(const RawDocument& raw, const BuildOptions& options) {
  check_utf8(raw);
  DocumentText result;
  if (!raw.is_json) {
    result.text = raw.text;
    return result;
  }
  const nlohmann::json row = parse_object(raw);
  const auto found = row.find(options.text_field);
  if (found == row.end()) {
    raise(ProblemKind::missing_field, raw, raw.line,
          fmt::format("there is no field '{}'; name the right one with --text-field", options.text_field));
  }
  if (!found->is_string()) {
    raise(ProblemKind::bad_field, raw, raw.line,
          fmt::format("field '{}' must be a text, not {}", options.text_field, found->type_name()));
  }
  result.text = found->get<std::string>();
  if (options.labels) {
    result.label =
        static_cast<std::int8_t>(number_in<int>(row, "label", -1, std::numeric_limits<std::int8_t>::max(), -1, raw));
    result.confidence = number_in<float>(row, "confidence", 0.0F, 1.0F, result.label < 0 ? 0.0F : 1.0F, raw);
  }
  return result;
}

}  // namespace

DocumentText document_text(RawDocument raw, const BuildOptions& options) {
  DocumentText result;
  result.problem = std::move(raw.problem);
  if (result.problem) return result;
  try {
    return parse(raw, options);
  } catch (Problem& problem) {
    result.problem = std::move(problem.problem);
    return result;
  }
}

}  // namespace prelude
