#include "tasks/corpus/named_values.h"

#include "tasks/corpus/json_fields.h"

namespace prelude {

std::string value_of(const NamedValues& values, const std::string& name) {
  for (const auto& [key, value] : values) {
    if (key == name) return value;
  }
  return "absent";
}

nlohmann::ordered_json to_json(const NamedValues& values) {
  auto object = nlohmann::ordered_json::object();
  for (const auto& [name, value] : values) object[name] = value;
  return object;
}

NamedValues read_named_values(const JsonFields& fields) {
  NamedValues values;
  for (const std::string& name : fields.names()) values.emplace_back(name, fields.text(name.c_str()));
  return values;
}

}  // namespace prelude
