// Documents that stand in one column of a table: CSV and TSV, whose first line names the columns.
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/io/delimited_reader.h"
#include "core/io/printable.h"
#include "tasks/corpus/document_reader.h"

namespace prelude {
namespace {

constexpr std::int64_t looked_at = std::int64_t{8} << 20;  // bytes of a TSV that say whether it has quotes

// A cell with a number stands for the number, as a field of JSON does; an empty one for nothing.
nlohmann::json json_of(const std::string& cell) {
  if (cell.empty()) return nullptr;
  const auto number = nlohmann::json::parse(cell, nullptr, /*allow_exceptions=*/false);
  return number.is_number() ? number : nlohmann::json(cell);
}

class TableReader final : public FormatReader {
 public:
  TableReader(const BuildOptions& options, const std::string& path, char separator, FoundQuoting quoting)
      : options_(options),
        path_(path),
        quoting_(quoting),
        records_(path, separator, quoting.quoting, options.max_line_bytes) {}

  std::optional<RawDocument> next() override {
    if (ended_) return {};
    if (quoting_.raw_line > 0) return end(ProblemKind::bad_row, quoting_.raw_line, two_minds());
    for (;;) {
      const DelimitedReader::Status status = records_.next(cells_);
      const std::int64_t line = records_.line_number();
      if (status == DelimitedReader::Status::end) return {};
      if (status == DelimitedReader::Status::damaged) return end(ProblemKind::damaged_file, line, records_.problem());
      if (status == DelimitedReader::Status::bad) {
        if (columns_.empty()) return end(ProblemKind::bad_row, line, records_.problem());
        return problem_at(ProblemKind::bad_row, path_, line, records_.problem());
      }
      if (!columns_.empty()) return document(line);
      columns_ = cells_;
      text_column_ = column(options_.text_field);
      if (text_column_ == columns_.size()) return end(ProblemKind::missing_field, line, no_column());
    }
  }
  std::int64_t file_bytes_read() const override { return records_.file_bytes_read(); }

 private:
  RawDocument end(ProblemKind kind, std::int64_t line, const std::string& what) {
    ended_ = true;
    return problem_at(kind, path_, line, what);
  }
  std::string two_minds() const {
    return fmt::format(
        "a cell begins with a quote that does not end it, but line {} has cells in quotes as CSV has "
        "them; mend one of the two, or write the file as .jsonl",
        quoting_.quoted_line);
  }
  std::string no_column() const {
    return fmt::format("there is no column '{}' among {}; name the right one with --text-field", options_.text_field,
                       printable(fmt::format("{}", fmt::join(columns_, ", "))));
  }
  std::size_t column(const std::string& name) const {
    return static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), name) - columns_.begin());
  }

  RawDocument document(std::int64_t line) {
    if (cells_.size() != columns_.size()) {
      return problem_at(ProblemKind::bad_row, path_, line,
                        fmt::format("the record has {} columns, but the names are {}", cells_.size(), columns_.size()));
    }
    RawDocument result;
    result.line = line;
    result.is_json = options_.labels;
    if (!options_.labels) {
      result.text = std::move(cells_[text_column_]);
      return result;
    }
    nlohmann::json object{{options_.text_field, cells_[text_column_]}};
    for (const char* name : {"label", "confidence"}) {
      const std::size_t at = column(name);
      if (at < cells_.size()) object[name] = json_of(cells_[at]);
    }
    result.text = object.dump();
    return result;
  }

  const BuildOptions& options_;
  std::string path_;
  FoundQuoting quoting_;
  DelimitedReader records_;
  std::vector<std::string> columns_;
  std::size_t text_column_ = 0;
  std::vector<std::string> cells_;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<FormatReader> open_table(const BuildOptions& options, const std::string& path, InputFormat format) {
  if (format == InputFormat::csv) return std::make_unique<TableReader>(options, path, ',', FoundQuoting{Quoting::csv});
  return std::make_unique<TableReader>(options, path, '\t',
                                       find_quoting(path, '\t', options.max_line_bytes, looked_at));
}

}  // namespace prelude
