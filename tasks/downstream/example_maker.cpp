#include "tasks/downstream/example_maker.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/io/shallow_json.h"

namespace prelude {

using nlohmann::json;

ExampleMaker::ExampleMaker(const TaskRow& row) : row_(row), labels_(label_words(row)) {}

const json& ExampleMaker::field(const json& record, const std::string& name, const std::string& place) {
  const auto found = record.find(name);
  require(found != record.end(), "{}: field '{}' is missing; is this another set's file, or one without labels?", place,
          name);
  return *found;
}

std::string ExampleMaker::text_of(const json& value, const std::string& name, const std::string& place,
                                  const char* separator) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return value.dump();
  require(value.is_array(), "{}: field '{}' is {}, not a text", place, name, value.type_name());
  std::string joined;
  for (const json& element : value) {
    require(!element.is_array(), "{}: field '{}' is a list of lists, not of texts", place, name);
    if (&element != &value.front()) joined += separator;
    joined += text_of(element, name, place, separator);
  }
  return joined;
}

std::optional<DownstreamExample> ExampleMaker::from_record(const json& record, const std::string& place) const {
  const json& label = field(record, row_.label_field, place);
  std::map<std::string, std::string> fields;
  for (const std::string& name : row_.fields) fields[name] = text_of(field(record, name, place), name, place);
  if (labels_.empty()) {
    return from_question(std::move(fields), field(record, row_.options_field, place), label, place);
  }
  require(label.is_primitive() && !label.is_null(), "{}: field '{}' is {}, not a label", place, row_.label_field,
          label.type_name());
  return from_texts(std::move(fields), text_of(label, row_.label_field, place), place);
}

std::optional<DownstreamExample> ExampleMaker::from_texts(std::map<std::string, std::string> fields,
                                                          const std::string& label, const std::string& place) const {
  if (std::find(row_.skip.begin(), row_.skip.end(), label) != row_.skip.end()) return {};
  return DownstreamExample{std::move(fields), {}, class_of(label, place), place};
}

std::int32_t ExampleMaker::class_of(const std::string& label, const std::string& place) const {
  std::vector<std::string> known;
  for (const LabelWord& word : labels_) {
    if (word.value == label) return static_cast<std::int32_t>(known.size());
    known.push_back(word.value);
  }
  fail("{}: field '{}' is '{}', none of the labels of row '{}': {}", place, row_.label_field, printable(label),
       row_.name, fmt::join(known, ", "));
}

DownstreamExample ExampleMaker::from_question(std::map<std::string, std::string> fields, const json& options,
                                              const json& answer, const std::string& place) const {
  require(options.is_array(), "{}: field '{}' is {}, not a list of options", place, row_.options_field,
          options.type_name());
  require(options.size() >= 2 && options.size() <= kMostChoices, "{}: field '{}' has {} options; 2 to {} are read",
          place, row_.options_field, options.size(), kMostChoices);
  DownstreamExample example{std::move(fields), {}, 0, place};
  for (const json& option : options) {
    require(!option.is_array(), "{}: field '{}' holds a list, not the text of an option", place, row_.options_field);
    example.options.push_back(text_of(option, row_.options_field, place));
  }
  example.label = chosen(example.options, answer, place);
  return example;
}

std::int32_t ExampleMaker::chosen(const std::vector<std::string>& options, const json& answer,
                                  const std::string& place) const {
  require(answer.is_string() || answer.is_number_integer(), "{}: field '{}' is {}, not an answer", place,
          row_.label_field, answer.type_name());
  const std::string text = text_of(answer, row_.label_field, place);
  std::size_t index = options.size();
  if (row_.answer == "text") {
    index = static_cast<std::size_t>(std::find(options.begin(), options.end(), text) - options.begin());
    require(index < options.size(), "{}: field '{}' is '{}', none of the options: {}", place, row_.label_field,
            printable(text), printable(fmt::format("{}", fmt::join(options, ", "))));
  } else {
    if (text.size() == 1 && text[0] >= 'A' && text[0] <= 'P') index = static_cast<std::size_t>(text[0] - 'A');
    if (!text.empty() && text.size() <= 2 && text.find_first_not_of("0123456789") == std::string::npos) {
      index = static_cast<std::size_t>(std::stoi(text));
    }
    require(index < options.size(), "{}: field '{}' is '{}', no position among {} options (0 to {}, or A to {})", place,
            row_.label_field, printable(text), options.size(), options.size() - 1,
            static_cast<char>('A' + static_cast<int>(options.size()) - 1));
  }
  return static_cast<std::int32_t>(index);
}

}  // namespace prelude
