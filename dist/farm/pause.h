#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace prelude {

// Between two looks at MPI, which cannot be waited for without a core: the longer nothing has come, the longer.
class Pause {
 public:
  using Microseconds = std::chrono::microseconds;
  Microseconds next() {
    const Microseconds now = length_;
    length_ = std::min(2 * length_, kLongest);
    return now;
  }
  void reset() { length_ = kShortest; }
  void sleep() { std::this_thread::sleep_for(next()); }

 private:
  static constexpr Microseconds kShortest{20};
  static constexpr Microseconds kLongest{500};
  Microseconds length_ = kShortest;
};

}  // namespace prelude
