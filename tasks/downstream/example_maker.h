// Records of a downstream set, as their file has them, to examples.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tasks/downstream/downstream_example.h"
#include "tasks/downstream/task_row.h"

namespace prelude {

// `place` ("train.jsonl:7") is what messages call the record.
class ExampleMaker {
 public:
  explicit ExampleMaker(const TaskRow& row);

  // The record's fields, label and options by the row's names; none where the label is one to skip. Throws UserError.
  // A record is an object: of a line of JSON, or of a table's columns with their cells.
  std::optional<DownstreamExample> from_record(const nlohmann::json& record, const std::string& place) const;
  // The same with the fields given, and label and options of a choice row as JSON.
  DownstreamExample from_question(std::map<std::string, std::string> fields, const nlohmann::json& options,
                                  const nlohmann::json& answer, const std::string& place) const;

  // A field that must be there, by its name or, with dots, by those of the objects that it lies in; where one of them
  // is a list, the list of what its objects hold. Throws UserError naming place and field.
  static nlohmann::json field(const nlohmann::json& record, const std::string& name, const std::string& place);
  // A string as it is, a number or truth value as it is written, a list of these joined by `separator`.
  static std::string text_of(const nlohmann::json& value, const std::string& name, const std::string& place,
                             const char* separator = ", ");

 private:
  std::optional<DownstreamExample> labelled(std::map<std::string, std::string> fields, const std::string& label,
                                            const std::string& place) const;
  DownstreamExample with_options(DownstreamExample example, const std::vector<std::string>& names,
                                 const nlohmann::json& answer) const;
  std::optional<DownstreamExample> with_option_fields(const nlohmann::json& record, DownstreamExample example) const;
  std::int32_t class_of(const std::string& label, const std::string& place) const;
  std::int32_t chosen(const DownstreamExample& example, const std::vector<std::string>& names,
                      const nlohmann::json& answer) const;

  TaskRow row_;
  std::vector<LabelWord> labels_;
};

}  // namespace prelude
