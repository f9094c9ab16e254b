// From numbers to pixels, with ticks at round numbers.
#pragma once

#include <string>
#include <vector>

namespace prelude {

struct Tick {
  double value = 0;
  std::string label;
};

// `low` and `high` are the values at its ends, which stand at the pixels `from` and `to`: from left to right, or
// upward where from > to.
struct Axis {
  double low = 0;
  double high = 1;
  double from = 0;
  double to = 1;
  bool log2 = false;
  std::vector<Tick> ticks;  // ascending, within low and high

  double at(double value) const;  // in pixels
};

// A linear axis over [least, most], widened to the ticks around it but not beyond [floor, ceiling]. Ticks are 1, 2 or 5
// times a power of ten apart, and as many as fit without their labels, of height `size`, touching.
Axis linear_axis(double least, double most, double floor, double ceiling, double from, double to, double size);

// A logarithmic axis from left to right, `least` above 0, widened to powers of two; ticks at powers of two.
Axis log2_axis(double least, double most, double from, double to, double size);

}  // namespace prelude
