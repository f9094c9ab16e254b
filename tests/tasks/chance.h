// Is what was counted what chance gives? For tests with fixed seeds.
#pragma once

#include <cmath>
#include <vector>

namespace prelude::test {

// Chi-square of the counts against the expected ones, as a standard normal score (Wilson and Hilferty, 1931): above
// chance_limit the counts would arise by chance less than once in a thousand times.
constexpr double chance_limit = 3.09;

inline double chance_score(const std::vector<double>& counts, const std::vector<double>& expected) {
  double chi2 = 0;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    chi2 += (counts[k] - expected[k]) * (counts[k] - expected[k]) / expected[k];
  }
  const double freedom = static_cast<double>(counts.size()) - 1;
  const double spread = 2.0 / (9.0 * freedom);
  return (std::cbrt(chi2 / freedom) - (1.0 - spread)) / std::sqrt(spread);
}

// Against equal chances.
inline double chance_score(const std::vector<double>& counts) {
  double sum = 0;
  for (const double count : counts) sum += count;
  return chance_score(counts, std::vector<double>(counts.size(), sum / static_cast<double>(counts.size())));
}

}  // namespace prelude::test
