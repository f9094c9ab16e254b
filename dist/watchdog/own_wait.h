// What this rank says of itself, but for the time in which the whole process was stopped (a suspended job, a debugger):
// all its clocks jump then, and no one is to blame.
#pragma once

#include <algorithm>
#include <optional>

#include "dist/watchdog/flight_recorder.h"
#include "dist/watchdog/moment.h"
#include "dist/watchdog/timing.h"

namespace prelude {

// The watchdog's thread only.
class OwnWait {
 public:
  explicit OwnWait(const FlightRecorder& recorder) : recorder_(recorder) {}

  // Often, and right before what follows is used: a long time since the last call means that the process was stopped.
  void tick() {
    const Moment moment = now();
    const double seconds = seconds_between(last_, moment);
    last_ = moment;
    if (seconds < watchdog_times::kStandstill) return;
    stood_still_s_ = seconds;
    resumed_ = moment;
  }
  // For how many seconds the process was stopped until just now; 0: it was not.
  double stood_still_s() const {
    return seconds_between(resumed_, last_) < watchdog_times::kStandstill ? stood_still_s_ : 0;
  }

  // When the process last went on after it had been stopped; long ago where it never was.
  Moment resumed() const { return resumed_; }

  // Since when this rank has waited in one collective; empty: it does not wait.
  std::optional<Moment> since() const {
    const auto since = recorder_.waiting_since();
    return since ? std::optional(std::max(*since, resumed_)) : std::nullopt;
  }
  RankState state() const {
    RankState state = recorder_.state();
    state.waiting_ms = std::min(state.waiting_ms, static_cast<std::int64_t>(seconds_since(resumed_) * 1e3));
    return state;
  }
  bool failed() const { return recorder_.failed(); }  // RankState::failure is not empty

 private:
  const FlightRecorder& recorder_;
  Moment last_ = now();
  Moment resumed_{};  // never
  double stood_still_s_ = 0;
};

}  // namespace prelude
