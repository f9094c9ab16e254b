#include "launch/predict/request.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/io/shallow_json.h"
#include "core/text/answer_texts.h"

namespace prelude {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t most_line_bytes = std::int64_t{64} << 20;

std::int64_t bytes_without_sentinels(std::string text) {
  constexpr std::string_view mark = "<extra_id_";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    const std::size_t end = text.find_first_not_of("0123456789", at + mark.size());
    const bool sentinel = end != std::string::npos && end > at + mark.size() && text[end] == '>';
    if (sentinel) text.erase(at, end + 1 - at);
    if (!sentinel) at += mark.size();
  }
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? 0 : static_cast<std::int64_t>(text.find_last_not_of(' ') + 1 - first);
}

// One line being read: the format, and where it stands.
struct Line {
  const RequestFormat& format;
  const std::string& place;

  Ids finished(Ids ids, const std::string& what) const {
    if (format.append) ids.push_back(*format.append);
    require(!ids.empty(), "{}: {} is empty; give at least one id, or --append-eos", place, what);
    return ids;
  }

  Ids text(const Json& value, const std::string& what) const {
    require(value.is_string(), "{}: {} must be a text, but is {}", place, what, value.type_name());
    require(
        format.tokenizer != nullptr,
        "{}: {} is a text, but the backbone's folder has no spiece.model or tokenizer.json; copy it there, or give ids",
        place, what);
    return format.tokenizer->encode(value.get_ref<const std::string&>());
  }

  Ids ids(const Json& value, const std::string& what) const {
    require(value.is_array(), "{}: {} must be a list of ids, but is {}", place, what, value.type_name());
    Ids all;
    for (const Json& id : value) {
      require(id.is_number_integer(), "{}: {} holds {}, which is no id", place, what,
              id.dump(-1, ' ', true).substr(0, 40));
      const bool known =
          id.is_number_unsigned() && id.get<std::uint64_t>() < static_cast<std::uint64_t>(format.vocab_size);
      require(known, "{}: {} holds the id {}, but the backbone's ids are 0 to {}", place, what, id.dump(),
              format.vocab_size - 1);
      all.push_back(id.get<std::int32_t>());
    }
    return all;
  }

  // The field `name` (a text) or `name`_ids (ids), nothing where there is neither.
  std::optional<Ids> either(const Json& object, const std::string& name) const {
    const std::string name_ids = name + "_ids";
    require(!object.contains(name) || !object.contains(name_ids), "{}: it has both {} and {}; give one", place, name,
            name_ids);
    if (object.contains(name)) return text(object[name], name);
    if (object.contains(name_ids)) return ids(object[name_ids], name_ids);
    return std::nullopt;
  }

  std::vector<Ids> candidates(const Json& object) const {
    require(!object.contains("candidates") || !object.contains("candidate_ids"),
            "{}: it has both candidates and candidate_ids; give one", place);
    const bool texts = object.contains("candidates");
    const std::string name = texts ? "candidates" : "candidate_ids";
    std::vector<Ids> all;
    if (!object.contains(name)) return all;
    require(object[name].is_array() && !object[name].empty(), "{}: {} must be a list of one or more", place, name);
    for (const Json& value : object[name]) {
      const std::string what = fmt::format("{}[{}]", name, all.size());
      all.push_back(finished(texts ? text(value, what) : ids(value, what), what));
    }
    if (texts) require_told_apart(place, *format.tokenizer, object[name].get<std::vector<std::string>>(), all);
    return all;
  }

  // Of what candidates() gave.
  std::vector<std::int64_t> candidate_bytes(const Json& object, const std::vector<Ids>& candidates) const {
    std::vector<std::int64_t> bytes;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (object.contains("candidates")) {
        bytes.push_back(bytes_without_sentinels(object["candidates"][i].get<std::string>()));
      } else if (format.tokenizer == nullptr) {
        bytes.push_back(0);
      } else {
        const auto end = candidates[i].end() - (format.append ? 1 : 0);
        bytes.push_back(bytes_without_sentinels(format.tokenizer->decode({candidates[i].begin(), end})));
      }
    }
    return bytes;
  }

  std::optional<std::int64_t> label(const Json& object, std::size_t candidate_count) const {
    if (!format.has_labels || !object.contains("label") || candidate_count == 0) return std::nullopt;
    const Json& value = object["label"];
    const bool index = value.is_number_unsigned() && value.get<std::uint64_t>() < candidate_count;
    require(index, "{}: label must be the right candidate's index, 0 to {}, but is {}", place, candidate_count - 1,
            value.dump(-1, ' ', true).substr(0, 40));
    return value.get<std::int64_t>();
  }
};

Json parse(const std::string& text, const std::string& place) {
  Json object;
  if (const auto problem = parse_json(text, {}, object)) {
    require(problem->byte > 0, "{}: {}", place, problem->reason);
    fail("{}: not valid JSON at byte {}: {}; each line is one object such as {{\"source\": \"text\"}}", place,
         problem->byte, problem->reason);
  }
  require(object.is_object(), "{}: a line must be a JSON object, but is {}", place, object.type_name());
  return object;
}

}  // namespace

RequestReader::RequestReader(const std::string& path, RequestFormat format)
    : path_(path), format_(format), lines_(path, most_line_bytes) {}

std::optional<Request> RequestReader::next() {
  std::string text;
  do {
    const LineReader::Status status = lines_.next(text);
    if (status == LineReader::Status::end) return std::nullopt;
    require(status != LineReader::Status::damaged, "{} line {}: {}", path_, lines_.line_number(), lines_.damage());
    require(status != LineReader::Status::too_long, "{} line {}: it has more than {} bytes", path_,
            lines_.line_number(), most_line_bytes);
  } while (text.find_first_not_of(" \t\r") == std::string::npos);

  Request request;
  request.place = fmt::format("{} line {}", path_, lines_.line_number());
  const Json object = parse(text, request.place);
  const Line line{format_, request.place};
  std::optional<Ids> source = line.either(object, "source");
  require(source.has_value(), "{}: it has neither source nor source_ids", request.place);
  if (format_.append) source->push_back(*format_.append);
  require(!source->empty() || format_.has_prompt, "{}: source is empty; give at least one id, or a --prompt",
          request.place);
  request.source = *std::move(source);
  if (std::optional<Ids> target = line.either(object, "target")) {
    request.target = line.finished(*std::move(target), "target");
  }
  request.candidates = line.candidates(object);
  request.candidate_bytes = line.candidate_bytes(object, request.candidates);
  request.label = line.label(object, request.candidates.size());
  return request;
}

}  // namespace prelude
