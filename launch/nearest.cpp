#include "launch/nearest.h"

#include <algorithm>
#include <numeric>

namespace prelude {

int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> before_last(b.size() + 1);
  std::vector<int> last(b.size() + 1);
  std::vector<int> row(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string nearest_of(std::string_view word, const std::vector<std::string>& candidates) {
  const auto distance = [&](const std::string& candidate) {
    const bool shortened = !word.empty() && candidate.compare(0, word.size(), word) == 0;
    return shortened ? 0 : edit_distance(word, candidate);
  };
  const auto nearest = std::min_element(candidates.begin(), candidates.end(),
                                        [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
  return nearest == candidates.end() ? std::string() : *nearest;
}

}  // namespace prelude
