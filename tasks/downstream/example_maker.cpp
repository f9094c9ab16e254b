#include "tasks/downstream/example_maker.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/io/printable.h"

namespace prelude {

using nlohmann::json;

namespace {

// The value of `name` in the object `value`: a key, or keys with dots between; in a list, of each of its objects. False
// where it is not there.
bool find_field(const json& value, const std::string& name, json& found) {
  if (value.is_array()) {
    found = json::array();
    for (const json& element : value) {
      json inner;
      if (!element.is_object() || !find_field(element, name, inner)) return false;
      found.push_back(std::move(inner));
    }
    return !value.empty();
  }
  if (!value.is_object()) return false;
  if (const auto whole = value.find(name); whole != value.end()) {
    found = *whole;
    return true;
  }
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return false;
  const auto outer = value.find(name.substr(0, dot));
  return outer != value.end() && find_field(*outer, name.substr(dot + 1), found);
}

// The names in a line of option-fields: one, or several with blanks or commas between.
std::vector<std::string> names_in_line(const std::string& line, const json& record) {
  json ignored;
  if (find_field(record, line, ignored)) return {line};
  constexpr const char* separators = " \t,";
  std::vector<std::string> names;
  for (std::size_t begin = line.find_first_not_of(separators); begin != std::string::npos;) {
    const std::size_t end = std::min(line.find_first_of(separators, begin), line.size());
    names.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(separators, end);
  }
  return names;
}

bool is_empty(const json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty());
}

std::size_t place_of(const std::vector<std::string>& texts, const std::string& text) {
  return static_cast<std::size_t>(std::find(texts.begin(), texts.end(), text) - texts.begin());
}

std::string joined(const std::vector<std::string>& texts) {
  return printable(fmt::format("{}", fmt::join(texts, ", ")));
}

}  // namespace

ExampleMaker::ExampleMaker(const TaskRow& row) : row_(row), labels_(label_words(row)) {}

json ExampleMaker::field(const json& record, const std::string& name, const std::string& place) {
  json found;
  require(find_field(record, name, found),
          "{}: field '{}' is missing; is this another set's file, or one without labels?", place, name);
  return found;
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
  const json label = field(record, row_.label_field, place);
  std::map<std::string, std::string> fields;
  for (const std::string& name : row_.fields) fields[name] = text_of(field(record, name, place), name, place);
  if (!row_.option_fields.empty()) return with_option_fields(record, {std::move(fields), {}, 0, place});
  if (labels_.empty()) {
    std::vector<std::string> names;
    if (!row_.option_names.empty()) {
      const json listed = field(record, row_.option_names, place);
      require(listed.is_array(), "{}: field '{}' is {}, not a list of names", place, row_.option_names,
              listed.type_name());
      for (const json& name : listed) names.push_back(text_of(name, row_.option_names, place));
    }
    DownstreamExample example =
        from_question(std::move(fields), field(record, row_.options_field, place), label, place);
    return names.empty() ? example : with_options(std::move(example), names, label);
  }
  require(label.is_primitive() && !label.is_null(), "{}: field '{}' is {}, not a label", place, row_.label_field,
          label.type_name());
  return labelled(std::move(fields), text_of(label, row_.label_field, place), place);
}

std::optional<DownstreamExample> ExampleMaker::labelled(std::map<std::string, std::string> fields,
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
       row_.name, joined(known));
}

// The options of fields of their own. Rows with fewer options leave the last ones empty.
std::optional<DownstreamExample> ExampleMaker::with_option_fields(const json& record, DownstreamExample example) const {
  std::vector<std::string> names;
  for (const std::string& line : row_.option_fields) {
    for (std::string& name : names_in_line(line, record)) names.push_back(std::move(name));
  }
  std::vector<json> values;
  for (const std::string& name : names) values.push_back(field(record, name, example.place));
  while (!values.empty() && is_empty(values.back())) values.pop_back();
  for (std::size_t i = 0; i < values.size(); ++i) {
    require(!is_empty(values[i]), "{}: field '{}' is empty, but options follow it", example.place, names[i]);
    example.options.push_back(text_of(values[i], names[i], example.place));
  }
  require(example.options.size() >= 2 && example.options.size() <= kMostChoices, "{}: {} options; 2 to {} are read",
          example.place, example.options.size(), kMostChoices);
  names.resize(example.options.size());
  return with_options(std::move(example), names, field(record, row_.label_field, example.place));
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
  if (row_.option_names.empty()) return with_options(std::move(example), {}, answer);
  return example;
}

DownstreamExample ExampleMaker::with_options(DownstreamExample example, const std::vector<std::string>& names,
                                             const json& answer) const {
  require(names.empty() || names.size() == example.options.size(), "{}: {} options, but {} names of them",
          example.place, example.options.size(), names.size());
  example.label = chosen(example, names, answer);
  return example;
}

std::int32_t ExampleMaker::chosen(const DownstreamExample& example, const std::vector<std::string>& names,
                                  const json& answer) const {
  const std::vector<std::string>& options = example.options;
  const std::string& place = example.place;
  require(answer.is_string() || answer.is_number_integer(), "{}: field '{}' is {}, not an answer", place,
          row_.label_field, answer.type_name());
  const std::string text = text_of(answer, row_.label_field, place);
  if (row_.answer == "text" || row_.answer == "name") {
    const bool by_name = row_.answer == "name";
    const std::size_t index = place_of(by_name ? names : options, text);
    require(index < options.size(), "{}: field '{}' is '{}', none of the {}: {}", place, row_.label_field,
            printable(text), by_name ? "options' names" : "options", joined(by_name ? names : options));
    return static_cast<std::int32_t>(index);
  }
  const std::size_t first = row_.answer == "number" ? 1 : 0;
  std::size_t index = options.size();
  const bool is_number = !text.empty() && text.size() <= 2 && text.find_first_not_of("0123456789") == std::string::npos;
  if (is_number) index = static_cast<std::size_t>(std::stoi(text)) - first;  // 0 of numbers wraps, and is beyond all
  if (first == 0 && text.size() == 1 && text[0] >= 'A' && text[0] <= 'P')
    index = static_cast<std::size_t>(text[0] - 'A');
  if (first == 0 && text.size() == 1 && text[0] >= 'a' && text[0] <= 'p')
    index = static_cast<std::size_t>(text[0] - 'a');
  if (first == 1) {
    require(index < options.size(), "{}: field '{}' is '{}', no number of {} options (1 to {})", place,
            row_.label_field, printable(text), options.size(), options.size());
  }
  require(index < options.size(), "{}: field '{}' is '{}', no position among {} options (0 to {}, or A to {})", place,
          row_.label_field, printable(text), options.size(), options.size() - 1,
          static_cast<char>('A' + static_cast<int>(options.size()) - 1));
  return static_cast<std::int32_t>(index);
}

}  // namespace prelude
