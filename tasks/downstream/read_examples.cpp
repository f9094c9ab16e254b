#include "tasks/downstream/read_examples.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/io/line_reader.h"
#include "core/io/shallow_json.h"
#include "core/text/utf8.h"
#include "tasks/downstream/example_maker.h"

namespace prelude {
namespace {

using nlohmann::json;
using Examples = std::vector<DownstreamExample>;

constexpr std::int64_t kMostLineBytes = std::int64_t{1} << 22;
constexpr std::size_t kMostFileBytes = std::size_t{1} << 28;  // of a file that is one JSON value
constexpr int kDepth = 4;
constexpr int kArrayDepth = 8;

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t\v\f\r") == std::string::npos; }

// The next line; false at the end of the file.
bool next_line(LineReader& lines, const std::string& path, std::string& line) {
  const LineReader::Status status = lines.next(line);
  require(status != LineReader::Status::damaged, "{}:{}: {}; fetch or pack the file again", path, lines.line_number(),
          lines.damage());
  require(status != LineReader::Status::too_long,
          "{}:{}: the line has more than {} bytes; is it another format's file?", path, lines.line_number(),
          kMostLineBytes);
  return status == LineReader::Status::line;
}

std::string place_of(const std::string& path, const LineReader& lines) {
  return fmt::format("{}:{}", path, lines.line_number());
}

Examples read_jsonl(const TaskRow& row, const std::string& path) {
  const ExampleMaker maker(row);
  Examples examples;
  LineReader lines(path, kMostLineBytes);
  for (std::string line; next_line(lines, path, line);) {
    if (is_blank(line)) continue;
    const std::string place = place_of(path, lines);
    auto example = maker.from_record(parse_shallow_object(place, line, kDepth), place);
    if (example) examples.push_back(std::move(*example));
  }
  return examples;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::size_t column(const std::vector<std::string>& columns, const std::string& name, const std::string& path) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  require(found != columns.end(),
          "{}:1: there is no column '{}' among {}; is this another set's file, or one without "
          "labels?",
          path, name, printable(fmt::format("{}", fmt::join(columns, ", "))));
  return static_cast<std::size_t>(found - columns.begin());
}

Examples read_tsv(const TaskRow& row, const std::string& path) {
  const ExampleMaker maker(row);
  Examples examples;
  std::vector<std::string> columns = row.columns;
  std::map<std::string, std::size_t> at;
  LineReader lines(path, kMostLineBytes);
  for (std::string line; next_line(lines, path, line);) {
    if (is_blank(line)) continue;
    const std::string place = place_of(path, lines);
    require(valid_utf8_bytes(line) == line.size(), "{}: byte {} is no UTF-8; convert the file", place,
            valid_utf8_bytes(line) + 1);
    const std::vector<std::string> cells = split(line, '\t');
    const bool is_first = at.empty();
    if (is_first) {
      if (columns.empty()) columns = cells;
      for (const std::string& name : row.fields) at[name] = column(columns, name, path);
      at[row.label_field] = column(columns, row.label_field, path);
      if (cells == columns) continue;
    }
    require(cells.size() == columns.size(), "{}: {} columns between tabs, but the names are {}", place, cells.size(),
            columns.size());
    std::map<std::string, std::string> fields;
    for (const std::string& name : row.fields) fields[name] = cells[at[name]];
    auto example = maker.from_texts(std::move(fields), cells[at[row.label_field]], place);
    if (example) examples.push_back(std::move(*example));
  }
  return examples;
}

// The lines of a file that is one JSON value.
std::string whole_text(const std::string& path) {
  std::string text;
  LineReader lines(path, static_cast<std::int64_t>(kMostFileBytes));
  for (std::string line; next_line(lines, path, line); text.push_back('\n')) {
    text += line;
    require(text.size() <= kMostFileBytes, "{}: more than {} bytes of JSON", path, kMostFileBytes);
  }
  return text;
}

void read_article(const ExampleMaker& maker, const TaskRow& row, const std::string& path, Examples& examples) {
  const json article = parse_shallow_object(path, whole_text(path), kDepth);
  const std::string text = ExampleMaker::text_of(ExampleMaker::field(article, "article", path), "article", path, " ");
  const json& questions = ExampleMaker::field(article, "questions", path);
  const json& options = ExampleMaker::field(article, row.options_field, path);
  const json& answers = ExampleMaker::field(article, row.label_field, path);
  require(questions.is_array() && options.is_array() && answers.is_array() && questions.size() == options.size() &&
              questions.size() == answers.size(),
          "{}: 'questions', '{}' and '{}' must be lists of one length", path, row.options_field, row.label_field);
  for (std::size_t k = 0; k < questions.size(); ++k) {
    const std::string place = fmt::format("{} question {}", path, k + 1);
    examples.push_back(
        maker.from_question({{"article", text}, {"question", ExampleMaker::text_of(questions[k], "questions", place)}},
                            options[k], answers[k], place));
  }
}

Examples read_race(const TaskRow& row, const std::string& path) {
  std::error_code error;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".txt") files.push_back(entry->path().string());
  }
  require(!error, "{}: cannot be read as a folder of RACE's articles: {}", path, error.message());
  std::sort(files.begin(), files.end());
  const ExampleMaker maker(row);
  Examples examples;
  for (const std::string& file : files) read_article(maker, row, file, examples);
  return examples;
}

Examples read_array(const TaskRow& row, const std::string& path) {
  const ExampleMaker maker(row);
  const json all = parse_shallow_array(path, whole_text(path), kArrayDepth);
  Examples examples;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string item_place = fmt::format("{} item {}", path, i + 1);
    const json& item = all[i];
    require(item.is_array() && item.size() >= 2 && item[0].is_array() && item[1].is_array(),
            "{}: is no [[paragraphs], [questions], id], as C3 has it", item_place);
    const std::string passage = ExampleMaker::text_of(item[0], "passage", item_place, " ");
    for (std::size_t k = 0; k < item[1].size(); ++k) {
      const json& question = item[1][k];
      const std::string place = fmt::format("{} question {}", item_place, k + 1);
      require(question.is_object(), "{}: is {}, not an object", place, question.type_name());
      examples.push_back(maker.from_question(
          {{"passage", passage},
           {"question", ExampleMaker::text_of(ExampleMaker::field(question, "question", place), "question", place)}},
          ExampleMaker::field(question, row.options_field, place),
          ExampleMaker::field(question, row.label_field, place), place));
    }
  }
  return examples;
}

}  // namespace

Examples read_examples(const TaskRow& row, const std::string& path) {
  Examples examples = row.format == "jsonl"  ? read_jsonl(row, path)
                      : row.format == "tsv"  ? read_tsv(row, path)
                      : row.format == "race" ? read_race(row, path)
                                             : read_array(row, path);
  require(!examples.empty(), "{}: holds no example of row '{}'", path, row.name);
  return examples;
}

Examples read_split(const TaskRow& row, const std::string& folder, const std::string& names) {
  Examples all;
  for (const std::string& part : split(names, ',')) {
    const auto first = part.find_first_not_of(' ');
    require(first != std::string::npos, "row '{}': '{}' names no file between its commas", row.name, names);
    const std::string name = part.substr(first, part.find_last_not_of(' ') - first + 1);
    Examples more = read_examples(row, (std::filesystem::path(folder) / name).string());
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace prelude
