#include "tasks/downstream/read_examples.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/io/line_reader.h"
#include "core/io/paths.h"
#include "core/io/printable.h"
#include "core/io/shallow_json.h"
#include "tasks/downstream/example_maker.h"
#include "tasks/downstream/read_table.h"

namespace prelude {
namespace {

using nlohmann::json;
using Examples = std::vector<DownstreamExample>;
using Notes = std::vector<std::string>;

constexpr std::size_t kMostFileBytes = std::size_t{1} << 27;  // of a file that is one JSON value
constexpr int kDepth = 16;

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t\v\f\r") == std::string::npos; }

// The next line; false at the end of the file.
bool next_line(LineReader& lines, const std::string& path, std::string& line) {
  const LineReader::Status status = lines.next(line);
  require(status != LineReader::Status::damaged, "{}:{}: {}", path, lines.line_number(), lines.damage());
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
  const json questions = ExampleMaker::field(article, "questions", path);
  const json options = ExampleMaker::field(article, row.options_field, path);
  const json answers = ExampleMaker::field(article, row.label_field, path);
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
  require(is_folder(path), "{}: cannot be read as a folder of RACE's articles: it is none", path);
  std::vector<std::string> files;
  for (const std::string& name : names_in(path)) {
    if (name.ends_with(".txt")) files.push_back((std::filesystem::path(path) / name).string());
  }
  const ExampleMaker maker(row);
  Examples examples;
  for (const std::string& file : files) read_article(maker, row, file, examples);
  return examples;
}

Examples read_array(const TaskRow& row, const std::string& path) {
  const ExampleMaker maker(row);
  const json all = parse_shallow_array(path, whole_text(path), kDepth);
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

// The names between commas, without blanks around them.
std::vector<std::string> file_names(const std::string& names) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    const std::string part = names.substr(begin, end - begin);
    const std::size_t first = std::min(part.find_first_not_of(' '), part.size());
    parts.push_back(part.substr(first, part.find_last_not_of(' ') + 1 - first));
    begin = end + 1;
  }
  return parts;
}

// Fields without text are mostly a mistake of whoever made the file, and sometimes none.
void note_empty_fields(const TaskRow& row, const std::string& path, const Examples& examples, Notes& notes) {
  for (const std::string& name : row.fields) {
    std::int64_t count = 0;
    const DownstreamExample* first = nullptr;
    for (const DownstreamExample& example : examples) {
      if (!is_blank(example.fields.at(name))) continue;
      if (count++ == 0) first = &example;
    }
    if (count == 0) continue;
    notes.push_back(fmt::format("{}: {} of {} examples have no text in the field '{}', the first at {}", path, count,
                                examples.size(), name, first->place));
  }
}

}  // namespace

Examples read_examples(const TaskRow& row, const std::string& path, Notes* notes) {
  Notes ignored;
  Notes& told = notes == nullptr ? ignored : *notes;
  const bool is_table = row.format == "tsv" || row.format == "csv";
  Examples examples = is_table                ? read_table(row, path, told)
                      : row.format == "jsonl" ? read_jsonl(row, path)
                      : row.format == "race"  ? read_race(row, path)
                                              : read_array(row, path);
  require(!examples.empty(), "{}: holds no example of row '{}'", path, row.name);
  note_empty_fields(row, path, examples, told);
  return examples;
}

bool split_exists(const std::string& folder, const std::string& names) {
  const std::vector<std::string> files = file_names(names);
  return std::any_of(files.begin(), files.end(), [&](const std::string& name) {
    return !name.empty() && path_exists((std::filesystem::path(folder) / name).string());
  });
}

Examples read_split(const TaskRow& row, const std::string& folder, const std::string& names, Notes* notes) {
  Examples all;
  for (const std::string& name : file_names(names)) {
    require(!name.empty(), "row '{}': '{}' names no file between its commas", row.name, names);
    Examples more = read_examples(row, (std::filesystem::path(folder) / name).string(), notes);
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace prelude
