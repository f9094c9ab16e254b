// JSON that a stranger wrote: bounded depth, no key twice, errors of one line.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace prelude {

// Parses one JSON object nested at most `depth` deep. Throws UserError naming `path` where it is no valid JSON or
// UTF-8, no object, deeper, or gives a key of the object itself or of one inside twice.
nlohmann::json parse_shallow_object(const std::string& path, std::string_view text, int depth);
// The same of a JSON array.
nlohmann::json parse_shallow_array(const std::string& path, std::string_view text, int depth);

// `text` for a one-line message: control characters as '?', cut after 120 bytes.
std::string printable(std::string_view text);

}  // namespace prelude
