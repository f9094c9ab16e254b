#include "launch/experiment/statistics.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace prelude {
namespace {

// `sorted` is not empty; `share` in [0,1].
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

double mean_of(std::span<const double> numbers) {
  ensure(!numbers.empty(), "the mean of no numbers");
  return std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
}

double sample_deviation(std::span<const double> numbers) {
  ensure(numbers.size() >= 2, "the sample deviation of {} numbers", numbers.size());
  const double mean = mean_of(numbers);
  double squares = 0;
  for (const double number : numbers) squares += (number - mean) * (number - mean);
  return std::sqrt(squares / static_cast<double>(numbers.size() - 1));
}

Quartiles quartiles(std::span<const double> numbers) {
  ensure(!numbers.empty(), "the quartiles of no numbers");
  std::vector<double> sorted(numbers.begin(), numbers.end());
  std::sort(sorted.begin(), sorted.end());
  return {quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)};
}

double student_two_sided(double t, double degrees) {
  ensure(degrees > 0 && !std::isnan(t), "Student's t {} of {} degrees", t, degrees);
  if (std::isinf(t)) return 0;
  return boost::math::ibeta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

PairedTest paired_t_test(std::span<const double> a, std::span<const double> b) {
  ensure(a.size() == b.size() && a.size() >= 2, "a paired test of {} and {} numbers", a.size(), b.size());
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
  const double mean = mean_of(differences);
  const double deviation = sample_deviation(differences);
  PairedTest test;
  test.degrees = static_cast<std::int64_t>(a.size()) - 1;
  if (mean == 0) return test;
  constexpr double rounding = 1e-12;  // of differences of shares
  const double error = deviation < rounding ? 0 : deviation / std::sqrt(static_cast<double>(a.size()));
  test.t = mean / error;
  test.p = student_two_sided(test.t, static_cast<double>(test.degrees));
  return test;
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> corrected(p.size());
  double greatest = 0;  // a later p is never corrected to less than an earlier one
  for (std::size_t i = 0; i < order.size(); ++i) {
    greatest = std::max(greatest, std::min(1.0, p[order[i]] * static_cast<double>(p.size() - i)));
    corrected[order[i]] = greatest;
  }
  return corrected;
}

}  // namespace prelude
