#include "tasks/corpus/input_format.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/io/byte_source.h"
#include "core/io/line_reader.h"
#include "core/io/shallow_json.h"
#include "core/text/utf8.h"

namespace prelude {
namespace {

constexpr std::array<const char*, 7> names{"text", "lines", "jsonl", "csv", "tsv", "ppt", "wiki"};
constexpr const char* automatic = "auto";
constexpr std::size_t head_bytes = std::size_t{64} << 10;
constexpr std::string_view blanks = " \t\r\n";

// The name's ending, that of a packer left out.
std::string ending_of(const std::string& path) {
  std::filesystem::path name = std::filesystem::path(path).filename();
  if (name.extension() == ".gz" || name.extension() == ".zst") name = name.stem();
  return name.extension().string();
}

bool says_nothing(const std::string& ending) {
  constexpr std::array<std::string_view, 4> vague{"", ".json", ".text", ".raw"};
  const bool number = ending.find_first_not_of("0123456789", 1) == std::string::npos;
  return std::find(vague.begin(), vague.end(), ending) != vague.end() || number;
}

struct Head {
  std::string text;    // without a byte order mark and blanks in front
  bool whole = false;  // the file has no more
  bool sound = true;   // can be unpacked
};

Head read_head(const std::string& path) {
  const auto source = ByteSource::open(path);
  Head head;
  std::string buffer(head_bytes, '\0');
  while (head.text.size() < head_bytes) {
    const std::size_t got = source->read(buffer.data(), head_bytes - head.text.size());
    head.whole = got == 0;
    if (got == 0) break;
    head.text.append(buffer, 0, got);
  }
  head.sound = source->damage().empty();
  if (head.text.starts_with("\xEF\xBB\xBF")) head.text.erase(0, 3);
  head.text.erase(0, std::min(head.text.find_first_not_of(blanks), head.text.size()));
  return head;
}

// The lines of the head, blank ones left out; of a longer file without its last, which is cut.
std::vector<std::string_view> lines_of(const Head& head) {
  std::vector<std::string_view> lines;
  const std::string_view text = head.text;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    const bool cut = end == text.size() && !head.whole;
    if (!cut && line.find_first_not_of(blanks) != std::string_view::npos) lines.push_back(line);
    begin = end + 1;
  }
  return lines;
}

bool is_json_object(std::string_view line) {
  nlohmann::json value;
  return line.starts_with('{') && !parse_json(line, {.depth = 200}, value) && value.is_object();
}

bool is_text(const Head& head) {
  const std::size_t valid = valid_utf8_bytes(head.text);
  const bool cut_character = !head.whole && head.text.size() - valid < 4;
  return (valid == head.text.size() || cut_character) && head.text.find('\0') == std::string::npos;
}

bool starts_wiki(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.starts_with("<doc ") && line.substr(0, line.find_last_not_of(blanks) + 1).ends_with('>');
}

// What the bytes say whatever the name: a mark that stands in no other text.
bool is_marked(const Head& head, InputFormat& format) {
  if (head.text.find(ppt_separator) != std::string::npos) {
    format = InputFormat::ppt;
  } else if (starts_wiki(head.text)) {
    format = InputFormat::wiki;
  } else {
    return false;
  }
  return true;
}

FoundFormat by_content(InputFormat format) { return {true, format, true, ""}; }
FoundFormat unknown(std::string reason) { return {false, InputFormat::text, false, std::move(reason)}; }

FoundFormat of_content(const Head& head) {
  InputFormat marked{};
  if (is_marked(head, marked)) return by_content(marked);
  const auto lines = lines_of(head);
  if (head.text.starts_with('[')) {
    return unknown("is one JSON array; write an object a line: jq -c '.[]' FILE > FILE.jsonl");
  }
  if (head.text.starts_with('{')) {
    // A line that is longer than the head cannot be parsed; that it begins as an object must do.
    if (lines.empty() || is_json_object(lines.front())) return by_content(InputFormat::jsonl);
    return unknown("begins like JSON, but its first line is no object; write an object a line: jq -c . FILE");
  }
  if (!is_text(head)) return unknown("is no text; name what it is with --format, or remove it");
  return by_content(InputFormat::text);
}

FoundFormat of_text_file(const Head& head) {
  InputFormat marked{};
  if (is_marked(head, marked)) return by_content(marked);
  const auto lines = lines_of(head);
  const bool json = !lines.empty() && std::all_of(lines.begin(), lines.end(), is_json_object);
  return json ? by_content(InputFormat::jsonl) : FoundFormat{true, InputFormat::text, false, ""};
}

}  // namespace

const char* name_of(InputFormat format) { return names[static_cast<std::size_t>(format)]; }

std::vector<std::string> input_format_names() {
  std::vector<std::string> all{automatic};
  all.insert(all.end(), names.begin(), names.end());
  return all;
}

std::optional<InputFormat> input_format_named(const std::string& name) {
  if (name == automatic) return {};
  const auto* const found = std::find(names.begin(), names.end(), name);
  require(found != names.end(), "--format: there is no '{}'; the formats are {}, {}", name, automatic,
          fmt::join(names, ", "));
  return static_cast<InputFormat>(found - names.begin());
}

FoundFormat find_format(const std::string& path) {
  const std::string ending = ending_of(path);
  if (ending == ".jsonl" || ending == ".ndjson") return {true, InputFormat::jsonl, false, ""};
  if (ending == ".csv") return {true, InputFormat::csv, false, ""};
  if (ending == ".tsv") return {true, InputFormat::tsv, false, ""};
  if (ending != ".txt" && !says_nothing(ending)) {
    return unknown(
        "is neither .txt, .jsonl, .csv nor .tsv (perhaps with .gz or .zst); name its format with --format, or remove "
        "it");
  }
  const Head head = read_head(path);
  // Whoever reads it finds the damage, and the empty file, again, and names its place.
  const bool utf16 = head.text.starts_with("\xFF\xFE") || head.text.starts_with("\xFE\xFF");
  if (!head.sound || head.text.empty() || utf16) return {true, InputFormat::text, false, ""};
  return ending == ".txt" ? of_text_file(head) : of_content(head);
}

}  // namespace prelude
