#include "tasks/metrics.h"

#include <algorithm>

namespace prelude {

std::int64_t Confusion::examples() const {
  std::int64_t sum = 0;
  for (const auto& [pair, count] : counts_) sum += count;
  return sum;
}

double Confusion::accuracy() const {
  std::int64_t right = 0;
  for (const auto& [pair, count] : counts_) right += pair.first == pair.second ? count : 0;
  return static_cast<double>(right) / static_cast<double>(std::max<std::int64_t>(examples(), 1));
}

double Confusion::macro_f1() const {
  struct Class {
    std::int64_t hits = 0;       // TP
    std::int64_t mentioned = 0;  // as right and as predicted: 2 TP + FP + FN
  };
  std::map<std::int64_t, Class> classes;
  for (const auto& [pair, count] : counts_) {
    classes[pair.first].mentioned += count;
    classes[pair.second].mentioned += count;
    if (pair.first == pair.second) classes[pair.first].hits += count;
  }
  double sum = 0;
  for (const auto& [id, tally] : classes) {
    sum += 2.0 * static_cast<double>(tally.hits) / static_cast<double>(tally.mentioned);
  }
  return classes.empty() ? 0.0 : sum / static_cast<double>(classes.size());
}

std::vector<std::vector<std::int64_t>> Confusion::table(std::int64_t classes) const {
  for (const auto& [pair, count] : counts_) classes = std::max({classes, pair.first + 1, pair.second + 1});
  const auto size = static_cast<std::size_t>(classes);
  std::vector<std::vector<std::int64_t>> rows(size, std::vector<std::int64_t>(size));
  for (const auto& [pair, count] : counts_) {
    rows[static_cast<std::size_t>(pair.first)][static_cast<std::size_t>(pair.second)] = count;
  }
  return rows;
}

}  // namespace prelude
