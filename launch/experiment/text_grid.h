// A table's cells as texts, the same for every format but for the marks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "launch/experiment/table.h"

namespace prelude {

// How a format writes what a table says.
struct Markup {
  const char* bold_open;
  const char* bold_close;
  const char* plus_minus;
  const char* less;
  const char* below_5;                      // behind a number with p < 0.05
  const char* below_1;                      // behind a number with p < 0.01
  std::string (*escape)(std::string_view);  // any text -> one line that the format shows as it is
};

using TextRow = std::vector<std::string>;

// Marked up: a head, then the methods, then the baselines. All rows have equally many texts.
struct TextGrid {
  TextRow head;
  std::vector<TextRow> methods;
  std::vector<TextRow> baselines;
};

TextGrid value_texts(const ResultTable& table, const Markup& markup);
// The chosen rates; without any row where no method had a choice.
TextGrid rate_texts(const ResultTable& table, const Markup& markup);

// What the numbers and marks mean, a sentence a line. `best`: how the best mean looks ("Bold").
std::vector<std::string> notes(const ResultTable& table, const Markup& markup, const char* best);

// Aligned by code points; columns stand two spaces apart, the first to the left, the others to the right.
std::string aligned(const std::vector<TextRow>& rows);

// The one-line form of `text`: control characters as spaces.
std::string one_line(std::string_view text);

}  // namespace prelude
