#include "tasks/downstream/read_table.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/io/delimited_reader.h"
#include "core/io/printable.h"
#include "tasks/downstream/example_maker.h"

namespace prelude {
namespace {

using nlohmann::json;
using Examples = std::vector<DownstreamExample>;
using Notes = std::vector<std::string>;

// How a TSV is written: as its row says, or as the file itself shows.
Quoting quoting_of(const TaskRow& row, const std::string& path, Notes& notes) {
  if (row.format == "csv" || row.quoting == "csv") return Quoting::csv;
  if (row.quoting == "none") return Quoting::none;
  const FoundQuoting found = find_quoting(path, '\t', kMostLineBytes);
  require(
      found.raw_line == 0,
      "{}:{}: a cell begins with a quote that does not end it, but line {} has cells in quotes as CSV has them; say in "
      "the row which it is: quoting = csv, or quoting = none",
      path, found.raw_line, found.quoted_line);
  if (found.quoting == Quoting::csv) {
    notes.push_back(
        fmt::format("{}: its cells are in quotes as CSV has them, which are taken off (quoting = none keeps "
                    "them)",
                    path));
  }
  return found.quoting;
}

class TableReader {
 public:
  TableReader(const TaskRow& row, const std::string& path, Quoting quoting)
      : row_(row),
        path_(path),
        maker_(row),
        columns_(row.columns),
        records_(path, row.format == "csv" ? ',' : '\t', quoting, kMostLineBytes) {}

  Examples read() {
    Examples examples;
    std::vector<std::string> cells;
    for (bool first = true; next(cells); first = false) {
      if (first && is_line_of_names(cells)) continue;
      const std::string place = fmt::format("{}:{}", path_, records_.line_number());
      require(cells.size() == columns_.size(), "{}: {} columns{}, but the names are {}", place, cells.size(),
              row_.format == "csv" ? "" : " between tabs", columns_.size());
      json record = json::object();
      for (std::size_t i = 0; i < cells.size(); ++i) record[columns_[i]] = cells[i];
      auto example = maker_.from_record(record, place);
      if (example) examples.push_back(std::move(*example));
    }
    return examples;
  }

 private:
  bool next(std::vector<std::string>& cells) {
    const DelimitedReader::Status status = records_.next(cells);
    if (status == DelimitedReader::Status::end) return false;
    require(status == DelimitedReader::Status::record, "{}:{}: {}", path_, records_.line_number(), records_.problem());
    return true;
  }

  // Takes the names where the row has none, and sees that the columns that the row speaks of are there.
  bool is_line_of_names(const std::vector<std::string>& cells) {
    if (columns_.empty()) columns_ = cells;
    for (const std::string& name : row_.fields) require_column(name);
    require_column(row_.label_field);
    return cells == columns_;
  }
  void require_column(const std::string& name) const {
    require(std::find(columns_.begin(), columns_.end(), name) != columns_.end(),
            "{}:1: there is no column '{}' among {}; is this another set's file, or one without "
            "labels?",
            path_, name, printable(fmt::format("{}", fmt::join(columns_, ", "))));
    require(std::count(columns_.begin(), columns_.end(), name) == 1, "{}:1: there are two columns '{}'", path_, name);
  }

  const TaskRow& row_;
  const std::string& path_;
  ExampleMaker maker_;
  std::vector<std::string> columns_;
  DelimitedReader records_;
};

}  // namespace

Examples read_table(const TaskRow& row, const std::string& path, Notes& notes) {
  return TableReader(row, path, quoting_of(row, path, notes)).read();
}

}  // namespace prelude
