#include "tasks/pretext/option_budget.h"

#include <algorithm>

namespace prelude {

std::size_t OptionBudget::other_documents() const {
  return static_cast<std::size_t>(std::count_if(others.begin(), others.end(), [](auto count) { return count > 0; }));
}

const std::vector<OptionBudget>& nss_budgets() {
  static const std::vector<OptionBudget> rows{{389, 86, 1, {1, 1, 1, 1}}};
  return rows;
}

const std::vector<OptionBudget>& unified_budgets() {
  static const std::vector<OptionBudget> rows{
      {400, 50, 1, {0, 0, 0, 0}}, {400, 50, 1, {1, 0, 0, 0}}, {400, 50, 1, {1, 1, 0, 0}}, {400, 40, 1, {1, 1, 1, 0}},
      {300, 40, 1, {1, 1, 1, 1}}, {250, 30, 2, {1, 1, 1, 1}}, {200, 30, 2, {2, 1, 1, 1}}, {200, 30, 2, {2, 2, 1, 1}},
      {150, 20, 2, {2, 2, 2, 1}}, {150, 20, 3, {2, 2, 2, 1}}, {150, 20, 3, {2, 2, 2, 2}}, {150, 20, 3, {3, 2, 2, 2}},
      {150, 20, 3, {3, 3, 2, 2}}, {150, 20, 3, {3, 3, 3, 2}}, {150, 20, 3, {3, 3, 3, 3}},
  };
  return rows;
}

}  // namespace prelude
