// What can be wrong with a piece of input text. One document (a line, a block, a record) or the rest of one file is
// left out by it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace prelude {

enum class ProblemKind {
  unknown_file,
  empty_file,
  damaged_file,
  long_line,
  long_document,
  bad_utf8,
  bad_json,
  missing_field,
  bad_field,
  bad_row,  // of a table, or of WikiExtractor's documents
};
constexpr std::array kProblemKinds{ProblemKind::unknown_file, ProblemKind::empty_file,    ProblemKind::damaged_file,
                                   ProblemKind::long_line,    ProblemKind::long_document, ProblemKind::bad_utf8,
                                   ProblemKind::bad_json,     ProblemKind::missing_field, ProblemKind::bad_field,
                                   ProblemKind::bad_row};

// "bad_utf8": in build.json and messages.
const char* name_of(ProblemKind kind);

struct InputProblem {
  ProblemKind kind = ProblemKind::bad_json;
  std::string message;  // one line: file:line: what, and how to mend it
};

class ProblemCounts {
 public:
  void add(ProblemKind kind, std::int64_t count = 1) { counts_[static_cast<std::size_t>(kind)] += count; }
  std::int64_t of(ProblemKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }
  std::int64_t total() const;
  // "3 left out: 2 bad_utf8, 1 long_line"; "nothing left out".
  std::string summary() const;
  bool operator==(const ProblemCounts&) const = default;

 private:
  std::array<std::int64_t, kProblemKinds.size()> counts_{};
};

}  // namespace prelude
