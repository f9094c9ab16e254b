// The lines of a text file, compressed or not, in bounded memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/byte_source.h"

namespace prelude {

class LineReader {
 public:
  enum class Status {
    line,      // the next line
    too_long,  // a line of more than the limit: its rest is passed over when the next one is asked for
    damaged,   // the lines end here: damage() says how
    end
  };

  // Throws UserError where the file cannot be opened.
  LineReader(const std::string& path, std::int64_t most_line_bytes);

  // `line` becomes the next line without its end (\n or \r\n) and without a byte order mark at the start of the file.
  // A last line without an end counts; one cut short by damage does not.
  Status next(std::string& line);
  // Of the line that next() gave or found too long, from 1; where it met damage, the line that it was in.
  std::int64_t line_number() const { return line_number_; }
  // What is wrong with the file, with how to mend it: its compressed stream, a text in UTF-16 or UTF-32, a line that
  // does not end within a GiB; empty while nothing is.
  const std::string& damage() const { return damage_.empty() ? source_->damage() : damage_; }
  std::int64_t file_bytes_read() const { return source_->file_bytes_read(); }

 private:
  bool refill();
  bool pass_over_rest();
  void check_encoding();

  std::unique_ptr<ByteSource> source_;
  std::size_t most_line_bytes_;
  std::int64_t line_number_ = 0;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // unread bytes of the buffer: [begin_, end_)
  std::size_t end_ = 0;
  bool started_ = false;
  bool inside_long_line_ = false;
  std::string damage_;
};

// What keeps a line from being text, with how to mend it: a byte that is no UTF-8 or zero; empty where nothing does.
std::string text_problem(std::string_view line);

}  // namespace prelude
