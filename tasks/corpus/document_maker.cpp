#include "tasks/corpus/document_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text/utf8.h"

namespace prelude {
namespace {

// Thrown inside parse() alone, caught by make().
struct Problem {
  InputProblem problem;
};

[[noreturn]] void raise(ProblemKind kind, const RawDocument& raw, std::int64_t line, const std::string& what) {
  throw Problem{{kind, fmt::format("{}:{}: {}", raw.path, line, what)}};
}

void check_utf8(const RawDocument& raw) {
  const std::size_t valid = valid_utf8_bytes(raw.text);
  if (valid == raw.text.size()) return;
  const std::int64_t line =
      raw.line + std::count(raw.text.begin(), raw.text.begin() + static_cast<std::ptrdiff_t>(valid), '\n');
  const std::size_t line_start = raw.text.rfind('\n', valid) + 1;  // npos + 1 = 0
  raise(ProblemKind::bad_utf8, raw, line,
        fmt::format("byte {} of the line (0x{:02x}) is no UTF-8; convert the file to UTF-8", valid - line_start + 1,
                    static_cast<unsigned char>(raw.text[valid])));
}

nlohmann::json parse_object(const RawDocument& raw) {
  nlohmann::json row;
  try {
    row = nlohmann::json::parse(raw.text);
  } catch (const nlohmann::json::parse_error& error) {
    raise(ProblemKind::bad_json, raw, raw.line,
          fmt::format("byte {} of the line is no JSON; one object a line is wanted", error.byte));
  } catch (const nlohmann::json::exception& error) {
    raise(ProblemKind::bad_json, raw, raw.line, fmt::format("no JSON that can be read: {}", error.what()));
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

}  // namespace

DocumentMaker::DocumentMaker(const BuildOptions& options, const Tokenizer& tokenizer)
    : options_(options), tokenizer_(tokenizer), splitter_(options.sentences) {}

DocumentMaker::Text DocumentMaker::parse(const RawDocument& raw) const {
  check_utf8(raw);
  Text result;
  if (!raw.is_json) {
    result.text = raw.text;
    return result;
  }
  const nlohmann::json row = parse_object(raw);
  const auto found = row.find(options_.text_field);
  if (found == row.end()) {
    raise(ProblemKind::missing_field, raw, raw.line,
          fmt::format("there is no field '{}'; name the right one with --text-field", options_.text_field));
  }
  if (!found->is_string()) {
    raise(ProblemKind::bad_field, raw, raw.line,
          fmt::format("field '{}' must be a text, not {}", options_.text_field, found->type_name()));
  }
  result.text = found->get<std::string>();
  if (options_.labels) {
    result.label =
        static_cast<std::int8_t>(number_in<int>(row, "label", -1, std::numeric_limits<std::int8_t>::max(), -1, raw));
    result.confidence = number_in<float>(row, "confidence", 0.0F, 1.0F, result.label < 0 ? 0.0F : 1.0F, raw);
  }
  return result;
}

void DocumentMaker::tokenize(const Text& text, MadeDocument& made) {
  TokenDocument document;
  for (const std::string_view sentence : splitter_.split(text.text)) {
    if (static_cast<std::int64_t>(count_characters(sentence)) < options_.min_sentence_chars) {
      ++made.dropped.sentences_few_chars;
      continue;
    }
    const std::vector<std::int32_t> ids = tokenizer_.encode(sentence);
    if (ids.empty() || static_cast<std::int64_t>(ids.size()) < options_.min_sentence_tokens) {
      ++made.dropped.sentences_few_tokens;
      continue;
    }
    document.tokens.insert(document.tokens.end(), ids.begin(), ids.end());
    document.sentence_sizes.push_back(static_cast<std::int64_t>(ids.size()));
  }
  const std::size_t sentences = document.sentence_sizes.size();
  if (sentences == 0 || static_cast<std::int64_t>(sentences) < options_.min_document_sentences) {
    ++made.dropped.documents_few_sentences;
    return;
  }
  if (options_.labels) {
    document.labels.assign(sentences, text.label);
    document.label_confidences.assign(sentences, text.confidence);
  }
  made.document = std::move(document);
}

MadeDocument DocumentMaker::make(RawDocument raw) {
  MadeDocument made;
  made.bytes_read = raw.bytes_read;
  made.problem = std::move(raw.problem);
  if (made.problem) return made;
  try {
    tokenize(parse(raw), made);
  } catch (Problem& problem) {
    made.problem = std::move(problem.problem);
  }
  return made;
}

}  // namespace prelude
