// How long the parts of a multiple-choice example may be, and where its wrong options come from (docs/pretext.md).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace prelude {

struct OptionBudget {
  std::int64_t query;                  // tokens, at most
  std::int64_t option;                 // tokens, at most
  std::int64_t same;                   // negatives out of the query's own document
  std::array<std::int64_t, 4> others;  // negatives out of each of four other documents

  std::int64_t from_others() const { return others[0] + others[1] + others[2] + others[3]; }
  // One right option and the negatives.
  std::int64_t options() const { return 1 + same + from_others(); }
  // How many of the four documents give a negative at all.
  std::size_t other_documents() const;
};

// PPT's NSS: one row, 6 options.
const std::vector<OptionBudget>& nss_budgets();
// PPT's unified NSS: 15 rows, 2 to 16 options.
const std::vector<OptionBudget>& unified_budgets();

}  // namespace prelude
