// Tables as text: cells between commas (CSV) or tabs (TSV), a record a line or, inside quotes, several.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/line_reader.h"

namespace prelude {

enum class Quoting {
  csv,  // RFC 4180: a cell that begins with " ends at the next single "; "" inside it is one "
  none  // every " is a character, as in GLUE's files
};

class DelimitedReader {
 public:
  enum class Status {
    record,
    bad,      // this record is none: problem() says why; the next line begins the next one
    damaged,  // the records end here: problem() says how
    end
  };

  // Throws UserError where the file cannot be opened.
  DelimitedReader(const std::string& path, char separator, Quoting quoting, std::int64_t most_record_bytes);

  // `cells` becomes the next record's; blank lines between records are passed over. A line end inside quotes is \n.
  Status next(std::vector<std::string>& cells);
  // Of the line on which that record began, from 1.
  std::int64_t line_number() const { return line_number_; }
  const std::string& problem() const { return problem_; }  // with how to mend it
  std::int64_t file_bytes_read() const { return lines_.file_bytes_read(); }

 private:
  Status read_line();
  Status bad(std::string problem);

  LineReader lines_;
  char separator_;
  Quoting quoting_;
  std::int64_t most_record_bytes_;
  std::int64_t line_number_ = 0;
  std::string line_;
  std::string problem_;
};

struct FoundQuoting {
  Quoting quoting = Quoting::none;
  // Where a line speaks for quotes and another against them, both numbers; else 0. `quoting` then means nothing.
  std::int64_t quoted_line = 0;
  std::int64_t raw_line = 0;
};

// Which of the two a file was written with, by its first `most_bytes` (0: by all). A file in which every line has the
// cells of the first is read by lines, and quoted where a cell holds doubled quotes between two of its own (what every
// writer of CSV makes of a quote) or a whole column is in quotes; a cell that begins with a quote and is none of a
// writer's speaks against. A file whose lines differ in their cells is quoted where its records then agree.
FoundQuoting find_quoting(const std::string& path, char separator, std::int64_t most_record_bytes,
                          std::int64_t most_bytes = 0);

}  // namespace prelude
