// What something was made with, as (name of the option, value): compared where it is gone on with, kept as a record.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace prelude {

class JsonFields;

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// "absent" where there is none of that name.
std::string value_of(const NamedValues& values, const std::string& name);

// An object of texts, in this order.
nlohmann::ordered_json to_json(const NamedValues& values);
// All of such an object, sorted by name. Throws UserError where one is no text.
NamedValues read_named_values(const JsonFields& fields);

}  // namespace prelude
