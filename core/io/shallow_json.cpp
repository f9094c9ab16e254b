#include "core/io/shallow_json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "core/error.h"

namespace prelude {

using nlohmann::json;

namespace {

json parse_shallow(const std::string& path, std::string_view text, int depth) {
  std::vector<std::set<std::string>> keys;  // of the objects open now
  const auto check = [&](int level, json::parse_event_t event, json& value) {
    require(level <= depth, "{}: JSON nested more than {} deep", path, depth);
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key) {
      const std::string& key = value.get_ref<const std::string&>();
      require(keys.back().insert(key).second, "{}: \"{}\" stands twice", path, printable(key));
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), check);
  } catch (const json::parse_error& error) {
    fail("{}: not valid JSON at byte {}", path, error.byte);
  } catch (const json::out_of_range&) {
    fail("{}: a JSON number is out of range", path);
  }
}

}  // namespace

json parse_shallow_object(const std::string& path, std::string_view text, int depth) {
  json object = parse_shallow(path, text, depth);
  require(object.is_object(), "{}: expected a JSON object, got {}", path, object.type_name());
  return object;
}

json parse_shallow_array(const std::string& path, std::string_view text, int depth) {
  json array = parse_shallow(path, text, depth);
  require(array.is_array(), "{}: expected a JSON array, got {}", path, array.type_name());
  return array;
}

std::string printable(std::string_view text) {
  constexpr std::size_t longest = 120;
  std::string clean(text.substr(0, longest));
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text.size() > longest ? clean + "..." : clean;
}

}  // namespace prelude
