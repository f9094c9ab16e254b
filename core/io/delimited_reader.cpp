#include "core/io/delimited_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace prelude {
namespace {

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t\v\f\r") == std::string::npos; }

std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> cells;
  for (;;) {
    const std::size_t end = line.find(separator);
    cells.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return cells;
    line.remove_prefix(end + 1);
  }
}

// The records of one file with quotes. Fed line by line: a record is over where no quote is open.
class QuotedRecord {
 public:
  explicit QuotedRecord(char separator, std::vector<std::string>& cells) : separator_(separator), cells_(cells) {
    cells_.assign(1, "");
  }

  bool open() const { return state_ == State::quoted; }
  // The number of the cell behind whose closing quote text stands; 0: none so far.
  std::size_t broken_cell() const { return broken_; }

  void add_line(std::string_view line) {
    if (open()) cells_.back() += '\n';
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool doubled = line[i] == '"' && i + 1 < line.size() && line[i + 1] == '"';
      if (state_ == State::quoted && doubled) {
        cells_.back() += '"';
        ++i;
      } else {
        add(line[i]);
      }
    }
    if (!open()) state_ = State::start;
  }

 private:
  enum class State { start, plain, quoted, closed };

  void add(char c) {
    if (state_ == State::quoted) {
      if (c == '"') {
        state_ = State::closed;
      } else {
        cells_.back() += c;
      }
    } else if (c == separator_) {
      cells_.emplace_back();
      state_ = State::start;
    } else if (c == '"' && state_ == State::start) {
      state_ = State::quoted;
    } else {
      if (state_ == State::closed && broken_ == 0) broken_ = cells_.size();
      if (state_ == State::start) state_ = State::plain;
      cells_.back() += c;
    }
  }

  char separator_;
  std::vector<std::string>& cells_;
  State state_ = State::start;
  std::size_t broken_ = 0;
};

// A cell between separators of one line, as a writer of CSV could have made it?
enum class Shape { bare, quoted, doubled, invalid };

Shape shape_of(std::string_view cell) {
  if (!cell.starts_with('"')) return Shape::bare;
  if (cell.size() < 2 || !cell.ends_with('"')) return Shape::invalid;
  const std::string_view inner = cell.substr(1, cell.size() - 2);
  Shape shape = Shape::quoted;
  for (std::size_t i = inner.find('"'); i != std::string_view::npos; i = inner.find('"', i + 2)) {
    if (i + 1 >= inner.size() || inner[i + 1] != '"') return Shape::invalid;
    shape = Shape::doubled;
  }
  return shape;
}

// What the lines of a file say.
struct Evidence {
  std::size_t columns = 0;  // of the first line
  bool agree = true;        // all lines have as many
  std::int64_t doubled_line = 0;
  std::int64_t invalid_line = 0;
  std::int64_t lines = 0;
  std::vector<std::int64_t> quoted;  // a column: its cells in quotes

  void add(std::string_view line, char separator, std::int64_t number) {
    const auto cells = split(line, separator);
    if (columns == 0) quoted.resize(columns = cells.size());
    agree = agree && cells.size() == columns;
    ++lines;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const Shape shape = shape_of(cells[i]);
      if (shape == Shape::doubled && doubled_line == 0) doubled_line = number;
      if (shape == Shape::invalid && invalid_line == 0) invalid_line = number;
      if (i < columns && (shape == Shape::quoted || shape == Shape::doubled)) ++quoted[i];
    }
  }
  bool has_quoted_column() const {
    return lines > 1 && std::any_of(quoted.begin(), quoted.end(), [&](std::int64_t count) { return count == lines; });
  }
};

// Whether the records of the file, read with quotes, have one number of cells.
bool records_agree(const std::string& path, char separator, std::int64_t most_record_bytes, std::int64_t most_bytes) {
  DelimitedReader reader(path, separator, Quoting::csv, most_record_bytes);
  std::vector<std::string> cells;
  std::size_t columns = 0;
  std::int64_t bytes = 0;
  for (;;) {
    const DelimitedReader::Status status = reader.next(cells);
    if (status == DelimitedReader::Status::end) return columns > 0;
    if (status != DelimitedReader::Status::record || (columns != 0 && cells.size() != columns)) return false;
    columns = cells.size();
    for (const std::string& cell : cells) bytes += static_cast<std::int64_t>(cell.size()) + 1;
    if (most_bytes > 0 && bytes >= most_bytes) return true;
  }
}

}  // namespace

DelimitedReader::DelimitedReader(const std::string& path, char separator, Quoting quoting,
                                 std::int64_t most_record_bytes)
    : lines_(path, most_record_bytes),
      separator_(separator),
      quoting_(quoting),
      most_record_bytes_(most_record_bytes) {}

DelimitedReader::Status DelimitedReader::bad(std::string problem) {
  problem_ = std::move(problem);
  return Status::bad;
}

DelimitedReader::Status DelimitedReader::read_line() {
  switch (lines_.next(line_)) {
    case LineReader::Status::line:
      break;
    case LineReader::Status::too_long:
      return bad(fmt::format("the line has more than {} bytes; is it another format's file?", most_record_bytes_));
    case LineReader::Status::damaged:
      problem_ = lines_.damage();
      return Status::damaged;
    case LineReader::Status::end:
      return Status::end;
  }
  problem_ = text_problem(line_);
  return problem_.empty() ? Status::record : Status::bad;
}

DelimitedReader::Status DelimitedReader::next(std::vector<std::string>& cells) {
  Status status = Status::record;
  do {
    status = read_line();
    line_number_ = lines_.line_number();
    if (status != Status::record) return status;
  } while (is_blank(line_));
  if (quoting_ == Quoting::none) {
    const auto parts = split(line_, separator_);
    cells.assign(parts.begin(), parts.end());
    return Status::record;
  }
  QuotedRecord record(separator_, cells);
  record.add_line(line_);
  for (auto bytes = static_cast<std::int64_t>(line_.size()); record.open(); record.add_line(line_)) {
    status = read_line();
    if (status == Status::end) return bad("the record's last quote is not closed; is a \" missing?");
    if (status != Status::record) {
      line_number_ = lines_.line_number();
      return status;
    }
    bytes += static_cast<std::int64_t>(line_.size()) + 1;
    if (bytes > most_record_bytes_) {
      return bad(fmt::format("the record has more than {} bytes; is a quote not closed?", most_record_bytes_));
    }
  }
  if (record.broken_cell() == 0) return Status::record;
  return bad(fmt::format("text stands behind the closing quote of column {}; a quote inside quotes is doubled",
                         record.broken_cell()));
}

FoundQuoting find_quoting(const std::string& path, char separator, std::int64_t most_record_bytes,
                          std::int64_t most_bytes) {
  LineReader lines(path, most_record_bytes);
  Evidence evidence;
  std::int64_t bytes = 0;
  for (std::string line; lines.next(line) == LineReader::Status::line;) {
    if (is_blank(line)) continue;
    evidence.add(line, separator, lines.line_number());
    bytes += static_cast<std::int64_t>(line.size()) + 1;
    if (most_bytes > 0 && bytes >= most_bytes) break;
  }
  if (!evidence.agree) {
    const bool quoted = evidence.doubled_line > 0 || records_agree(path, separator, most_record_bytes, most_bytes);
    return {quoted ? Quoting::csv : Quoting::none};
  }
  const bool speaks_for = evidence.doubled_line > 0 || evidence.has_quoted_column();
  if (!speaks_for || evidence.invalid_line == 0) return {speaks_for ? Quoting::csv : Quoting::none};
  return {Quoting::csv, std::max<std::int64_t>(evidence.doubled_line, 1), evidence.invalid_line};
}

}  // namespace prelude
