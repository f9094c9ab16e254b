// Statistics of a few seeds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace prelude {

// At least one number.
double mean_of(std::span<const double> numbers);

// Square root of the sum of squared deviations over n - 1; at least two numbers.
double sample_deviation(std::span<const double> numbers);

struct Quartiles {
  double first = 0;
  double median = 0;
  double third = 0;
};

// Quantiles of type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996), which R and NumPy compute
// unless told otherwise. At least one number.
Quartiles quartiles(std::span<const double> numbers);

// The chance that |T| >= |t| under Student's distribution: the regularised incomplete beta function
// I_x(degrees / 2, 1 / 2) at x = degrees / (degrees + t^2) (Abramowitz and Stegun, 26.7.1). `degrees` above 0.
double student_two_sided(double t, double degrees);

struct PairedTest {
  double t = 0;  // of the mean of a - b; infinite where all differences are one number other than 0, but for rounding
  double p = 1;  // two-sided
  std::int64_t degrees = 0;
};

// Student's t-test of the differences a[i] - b[i]; equally many of both, at least two. p is 1 where all are equal.
PairedTest paired_t_test(std::span<const double> a, std::span<const double> b);

// Each p as Holm's step-down corrects it for their number (Holm, "A Simple Sequentially Rejective Multiple Test
// Procedure", 1979), in the order given.
std::vector<double> holm(std::span<const double> p);

}  // namespace prelude
