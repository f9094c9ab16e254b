// Moments of the clock that never jumps, and seconds between them.
#pragma once

#include <chrono>

namespace prelude {

using Moment = std::chrono::steady_clock::time_point;

inline Moment now() { return std::chrono::steady_clock::now(); }
inline Moment later(Moment moment, double seconds) {
  return moment + std::chrono::duration_cast<Moment::duration>(std::chrono::duration<double>(seconds));
}
inline double seconds_between(Moment first, Moment second) {
  return std::chrono::duration<double>(second - first).count();
}
inline double seconds_until(Moment moment) { return seconds_between(now(), moment); }
inline double seconds_since(Moment moment) { return seconds_between(moment, now()); }

}  // namespace prelude
