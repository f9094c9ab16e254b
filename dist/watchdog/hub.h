// The watchdog of rank 0: knows what every rank says, judges, and ends the job.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "dist/watchdog/analysis.h"
#include "dist/watchdog/connection.h"
#include "dist/watchdog/door.h"
#include "dist/watchdog/flight_recorder.h"
#include "dist/watchdog/meeting_point.h"
#include "dist/watchdog/moment.h"
#include "dist/watchdog/own_wait.h"
#include "dist/watchdog/watchdog.h"

namespace prelude {

// Made in the caller's thread, then run in its own.
class Hub {
 public:
  Hub(const FlightRecorder& recorder, WatchdogOptions options, OpenedMeetingPoint opened);
  // Until `stop_fd` is readable, or the job is ended.
  void run(int stop_fd);

 private:
  bool wait(int stop_fd);  // for something to happen; true: stop
  void admit(Newcomer newcomer);
  void read_members();
  void read_member(std::size_t rank);
  void take_state(std::size_t rank, RankState state);
  std::optional<Finding> judge();
  Finding own_standstill(const Finding& death) const;
  void tell_when_others_left();
  void show_life();
  bool has_to_ask();
  bool someone_waits_too_long() const;
  void ask_everyone();
  void conclude(const Finding& finding);
  void send_to_all(const std::string& frame);
  void drain(double seconds);

  OwnWait own_;
  WatchdogOptions options_;
  Door door_;
  std::vector<RankView> views_;                       // by rank
  std::vector<std::unique_ptr<Connection>> members_;  // by rank; null: itself, or not connected
  std::vector<Moment> heard_;                         // by rank
  std::vector<std::size_t> ready_;                    // ranks from which something has come
  std::optional<Moment> asked_;                       // everyone, and waits for the answers
  Moment last_round_ = now();
  Moment last_sign_ = now();  // of life, sent to all
  Moment next_comparison_ = now();
};

}  // namespace prelude
