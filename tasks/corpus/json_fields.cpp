#include "tasks/corpus/json_fields.h"

#include <utility>

#include "core/error.h"

namespace prelude {

JsonFields::JsonFields(const nlohmann::json& value, std::string path, std::string place)
    : value_(&value), path_(std::move(path)), place_(std::move(place)) {
  require(value.is_object(), "'{}': {} is no object", path_, place_.empty() ? "the whole" : place_);
}

const nlohmann::json& JsonFields::field(const char* name) const {
  const auto found = value_->find(name);
  check(found != value_->end(), name, "is missing");
  return *found;
}

void JsonFields::check(bool good, const char* name, const std::string& complaint) const {
  require(good, "'{}': field '{}{}' {}", path_, place_, name, complaint);
}

std::vector<std::string> JsonFields::names() const {
  std::vector<std::string> names;
  for (const auto& [name, ignored] : value_->items()) names.push_back(name);
  return names;
}

std::string JsonFields::text(const char* name) const {
  const nlohmann::json& value = field(name);
  check(value.is_string(), name, "must be a text");
  return value.get<std::string>();
}

std::int64_t JsonFields::integer(const char* name, std::int64_t least, std::int64_t most) const {
  const nlohmann::json& value = field(name);
  check(value.is_number_integer(), name, "must be a whole number");
  const bool in_range =
      (!value.is_number_unsigned() || value.get<std::uint64_t>() <= static_cast<std::uint64_t>(most)) &&
      value.get<std::int64_t>() >= least && value.get<std::int64_t>() <= most;
  check(in_range, name, fmt::format("must be between {} and {}, not {}", least, most, value.dump()));
  return value.get<std::int64_t>();
}

bool JsonFields::boolean(const char* name) const {
  const nlohmann::json& value = field(name);
  check(value.is_boolean(), name, "must be true or false");
  return value.get<bool>();
}

JsonFields JsonFields::object(const char* name) const { return {field(name), path_, place_ + name + "."}; }

std::vector<JsonFields> JsonFields::objects(const char* name) const {
  const nlohmann::json& list = field(name);
  check(list.is_array(), name, "must be a list");
  std::vector<JsonFields> result;
  for (std::size_t i = 0; i < list.size(); ++i) {
    result.emplace_back(list[i], path_, fmt::format("{}{}[{}].", place_, name, i));
  }
  return result;
}

}  // namespace prelude
