// Ends the job with a reason when its ranks stand still. Every rank has one: a thread that tells rank 0's several times
// a second, over TCP and beside the collectives, what its flight recorder says; rank 0's compares, and answers. It ends
// the job at once where a rank died, where ranks call different collectives or a library reports a failure, and when
// someone has waited longer than the timeout in one collective, or a rank has said nothing for as long (it is stopped),
// whatever the others do. Rank 0 then names the culprit and what every rank did last. Where rank 0's is the one that is
// gone, the others end by themselves.
#pragma once

#include <functional>
#include <string>

#include "dist/watchdog/flight_recorder.h"
#include "dist/watchdog/quiet_thread.h"

namespace prelude {

struct WatchdogOptions {
  int rank = 0;
  int size = 1;
  std::string host;        // this rank's, as messages name it; one word
  double timeout_s = 600;  // the longest wait in one collective, and the longest silence of a rank; 1 to 1e7
  // Gives every rank what rank 0 passed; a collective, called once by the constructor in the caller's thread.
  std::function<std::string(const std::string&)> broadcast_from_rank_0;
  // Both are called once (again where the watchdog itself fails), from the watchdog's thread, while the rank's own may
  // be stuck in a collective: they must not call the communication library. Where they are empty the text (it ends
  // without a newline) goes to standard error, and the process ends by _exit(1), upon which a launcher ends the others.
  std::function<void(const std::string& text)> report;
  std::function<void()> end_job;
  // On rank 0, may be empty: called once, from its thread, when every other rank has said goodbye.
  std::function<void()> others_left;
};

class Watchdog {
 public:
  // Starts the thread; the ranks other than 0 come back when they have joined rank 0's. `recorder` outlives it. With
  // one rank it does nothing. Throws UserError: timeout out of range, rank 0 cannot listen (on every rank), or rank 0
  // is not reached within the timeout (3 s at least, 30 s at most).
  Watchdog(const FlightRecorder& recorder, WatchdogOptions options);

  // Says goodbye, so that what this rank does afterwards (end, too) is nobody's concern, and stops the thread. At most
  // 2 s. Once it has returned, the ranks may end in any order. Again: nothing. The destructor does it, too.
  void leave() noexcept { thread_.leave(); }

 private:
  QuietThread thread_;
};

// Where a watchdog's last words go by default: standard error, also while the program's own thread is stuck.
void write_last_words(const std::string& text);

}  // namespace prelude
