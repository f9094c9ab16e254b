// Ends the job with a reason when its collectives stand still. Every rank has one: a thread that tells rank 0's about
// once a second, over TCP and beside the collectives, what its flight recorder says. Rank 0's compares. It ends the
// job at once where a rank died or where ranks call different collectives, and when someone has waited longer than the
// timeout in one; rank 0 then names the culprit and what every rank did last. Where rank 0's is the one that is gone,
// the others end by themselves.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dist/watchdog/flight_recorder.h"

namespace prelude {

struct WatchdogOptions {
  int rank = 0;
  int size = 1;
  std::string host;        // this rank's, as messages name it; one word
  double timeout_s = 600;  // the longest wait in one collective; 1 to 1e7
  // Gives every rank what rank 0 passed; a collective, called once by the constructor in the caller's thread.
  std::function<std::string(const std::string&)> broadcast_from_rank_0;
  // Both are called once at most, from the watchdog's thread, while the rank's own is stuck in a collective: they must
  // not call the communication library. Where they are empty the text (it ends without a newline) goes to standard
  // error, and the process ends by _exit(1), upon which a launcher ends the others.
  std::function<void(const std::string& text)> report;
  std::function<void()> end_job;
};

class Watchdog {
 public:
  // Starts the thread; the ranks other than 0 come back when they have joined rank 0's. `recorder` outlives it. With
  // one rank it does nothing. Throws UserError: timeout out of range, rank 0 cannot listen (on every rank), or rank 0
  // is not reached in 30 s.
  Watchdog(const FlightRecorder& recorder, WatchdogOptions options);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() { leave(); }

  // Says goodbye, so that what this rank does afterwards (end, too) is nobody's concern, and stops the thread. At most
  // 2 s. Once it has returned, the ranks may end in any order. Again: nothing.
  void leave() noexcept;

 private:
  struct Running;
  std::shared_ptr<Running> running_;  // shared with the thread, which a callback may hold up longer than leave() waits
};

}  // namespace prelude
