#include "tasks/corpus/input_problem.h"

#include <fmt/format.h>

#include <numeric>

namespace prelude {

const char* name_of(ProblemKind kind) {
  constexpr std::array<const char*, kProblemKinds.size()> kNames{
      "unknown_file", "empty_file", "damaged_file",  "long_line", "long_document",
      "bad_utf8",     "bad_json",   "missing_field", "bad_field", "bad_row"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::int64_t ProblemCounts::total() const { return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0}); }

std::string ProblemCounts::summary() const {
  if (total() == 0) return "nothing left out";
  std::string text = fmt::format("{} left out:", total());
  const char* separator = " ";
  for (const ProblemKind kind : kProblemKinds) {
    if (of(kind) == 0) continue;
    text += fmt::format("{}{} {}", separator, of(kind), name_of(kind));
    separator = ", ";
  }
  return text;
}

}  // namespace prelude
