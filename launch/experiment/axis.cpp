#include "launch/experiment/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "launch/experiment/svg.h"

namespace prelude {
namespace {

// The least of 1, 2, 5 times a power of ten that is at least `width`.
double round_step(double width) {
  const double power = std::pow(10, std::floor(std::log10(width)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= width * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::string label(double value, double step) {
  const int digits = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  return fmt::format("{:.{}f}", value == 0 ? 0.0 : value, digits);
}

bool labels_fit(const Axis& axis, double size) {
  for (std::size_t i = 1; i < axis.ticks.size(); ++i) {
    const double distance = std::abs(axis.at(axis.ticks[i].value) - axis.at(axis.ticks[i - 1].value));
    const double widths = text_width(axis.ticks[i].label, size) + text_width(axis.ticks[i - 1].label, size);
    const double needed = axis.from > axis.to ? 1.5 * size : widths / 2 + size / 2;
    if (distance < needed) return false;
  }
  return true;
}

Axis with_step(Axis axis, double step, double floor, double ceiling) {
  const auto first = static_cast<long>(std::floor(axis.low / step + 1e-9));
  const auto last = static_cast<long>(std::ceil(axis.high / step - 1e-9));
  for (long i = first; i <= last; ++i) {
    const double value = static_cast<double>(i) * step;
    if (value >= floor && value <= ceiling) axis.ticks.push_back({value, label(value, step)});
  }
  axis.low = std::max(floor, static_cast<double>(first) * step);
  axis.high = std::min(ceiling, static_cast<double>(last) * step);
  return axis;
}

}  // namespace

double Axis::at(double value) const {
  const double share = log2 ? std::log2(value / low) / std::log2(high / low) : (value - low) / (high - low);
  return from + share * (to - from);
}

Axis linear_axis(double least, double most, double floor, double ceiling, double from, double to, double size) {
  ensure(std::isfinite(least) && std::isfinite(most) && floor <= least && least <= most && most <= ceiling,
         "an axis from {} to {} within [{},{}]", least, most, floor, ceiling);
  if (most - least < 1e-9 * std::max(1.0, std::abs(most))) {  // one value: some room around it
    const double room = std::max(1.0, 0.1 * std::abs(most));
    least = std::max(floor, least - room);
    most = std::min(ceiling, most + room);
  }
  Axis axis;
  for (int intervals = 6; intervals >= 1; --intervals) {
    axis = with_step({least, most, from, to, false, {}}, round_step((most - least) / intervals), floor, ceiling);
    if (labels_fit(axis, size)) break;
  }
  return axis;
}

Axis log2_axis(double least, double most, double from, double to, double size) {
  ensure(least > 0 && least <= most && std::isfinite(most), "a logarithmic axis from {} to {}", least, most);
  const int first = static_cast<int>(std::floor(std::log2(least)));
  const int last = std::max(first + 1, static_cast<int>(std::ceil(std::log2(most))));
  Axis axis;
  for (int every = 1; every <= last - first; ++every) {
    axis = {std::exp2(first), std::exp2(last), from, to, true, {}};
    for (int power = first; power <= last; power += every) {
      axis.ticks.push_back({std::exp2(power), fmt::format("{}", std::exp2(power))});
    }
    if (labels_fit(axis, size)) break;
  }
  return axis;
}

}  // namespace prelude
