#include "core/io/shallow_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/io/printable.h"
#include "core/io/whole_file.h"

namespace prelude {

using nlohmann::json;

namespace {

// Thrown by the parser's callback alone, and caught by parse_json.
struct Refused {
  std::string reason;
};

// What the parser meets, counted as it goes, so that no more is built than is allowed.
class Watch {
 public:
  explicit Watch(const JsonLimits& limits) : limits_(limits) {}

  bool operator()(int level, json::parse_event_t event, json& value) {
    using Event = json::parse_event_t;
    if (level > limits_.depth) throw Refused{fmt::format("JSON nested more than {} deep", limits_.depth)};
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end) keys_.pop_back();
    if (event == Event::key) {
      const std::string& key = value.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) throw Refused{fmt::format("\"{}\" stands twice", printable(key))};
    } else if (event != Event::object_end && event != Event::array_end && ++values_ > limits_.values) {
      throw Refused{fmt::format("JSON of more than {} values", limits_.values)};
    }
    return true;
  }

 private:
  const JsonLimits& limits_;
  std::vector<std::set<std::string>> keys_;  // of the objects open now
  std::size_t values_ = 0;
};

json parse_or_fail(const std::string& path, std::string_view text, const JsonLimits& limits) {
  json value;
  const auto problem = parse_json(text, limits, value);
  if (!problem) return value;
  require(problem->byte > 0, "{}: {}", path, problem->reason);
  const std::string_view front = text.substr(0, problem->byte - 1);
  const bool one_line = text.substr(0, text.find_last_not_of(" \r\n") + 1).find('\n') == std::string_view::npos;
  if (one_line) fail("{}: not valid JSON at byte {}: {}", path, problem->byte, problem->reason);
  fail("{}:{}: not valid JSON at byte {} of the line: {}", path, std::count(front.begin(), front.end(), '\n') + 1,
       front.size() - (front.rfind('\n') + 1) + 1, problem->reason);
}

}  // namespace

std::optional<JsonProblem> parse_json(std::string_view text, const JsonLimits& limits, json& value) {
  Watch watch(limits);
  try {
    value = json::parse(text.begin(), text.end(), std::ref(watch));
    return {};
  } catch (const json::parse_error& error) {
    const std::string_view report = error.what();
    return json_problem(text, error.byte, report.substr(0, report.find("; last read")));
  } catch (const json::out_of_range&) {
    return JsonProblem{0, "a JSON number is out of range"};
  } catch (const Refused& refused) {
    return JsonProblem{0, refused.reason};
  }
}

json parse_shallow_object(const std::string& path, std::string_view text, int depth) {
  json object = parse_or_fail(path, text, {.depth = depth});
  require(object.is_object(), "{}: expected a JSON object, got {}", path, object.type_name());
  return object;
}

json parse_shallow_array(const std::string& path, std::string_view text, int depth) {
  json array = parse_or_fail(path, text, {.depth = depth});
  require(array.is_array(), "{}: expected a JSON array, got {}", path, array.type_name());
  return array;
}

json read_json_file(const std::string& path, std::size_t most_bytes, const JsonLimits& limits) {
  json object = parse_or_fail(path, read_whole_file(path, most_bytes), limits);
  require(object.is_object(), "{}: expected a JSON object, got {}", path, object.type_name());
  return object;
}

}  // namespace prelude
