// The watchdog of a rank other than 0.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dist/watchdog/connection.h"
#include "dist/watchdog/flight_recorder.h"
#include "dist/watchdog/meeting_point.h"
#include "dist/watchdog/moment.h"
#include "dist/watchdog/own_wait.h"
#include "dist/watchdog/watchdog.h"

namespace prelude {

// Made in the caller's thread, then run in its own.
class Member {
 public:
  Member(const FlightRecorder& recorder, WatchdogOptions options, MeetingPoint rank_0,
         std::unique_ptr<Connection> connection);
  // Until `stop_fd` is readable, or the job is ended.
  void run(int stop_fd);

 private:
  bool wait(int stop_fd) const;  // for something to happen; true: stop
  bool take_messages();          // true: the job is ended
  bool check_rank_0();           // true: the job is ended
  bool check_own_wait();         // true: the job is ended
  double rank_0_silent_s() const;
  Moment next_word() const;
  void say_state();
  void leave();
  void end(double after_s, const std::string& reason);
  std::string rank_0() const;

  OwnWait own_;
  WatchdogOptions options_;
  MeetingPoint point_;
  std::unique_ptr<Connection> connection_;  // null: rank 0 has left properly
  Moment last_word_{};                      // long ago
  Moment heard_ = now();
  std::optional<Moment> alarm_;  // since when this rank has waited too long, or knows of a failure
};

}  // namespace prelude
