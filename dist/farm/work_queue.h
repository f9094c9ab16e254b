// Rank 0's side of a farm: jobs are byte strings, done by whichever other rank is free (serve_work), in any order.
// Needs MPI, started so that one thread at a time may call it. Every other rank of the job calls serve_work()
// meanwhile.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace prelude {

class WorkQueue {
 public:
  struct Job {
    std::string request;
    std::function<void(std::string)> done;  // takes the answer
  };
  struct Jobs {
    std::function<std::optional<Job>()> take;  // none: none now, perhaps later
    std::function<bool()> over;                // no answer is waited for any more
  };
  // Given who a rank is ("rank 3 on host n2") and the greeting of its service.
  using Check = std::function<void(const std::string& who, const std::string& greeting)>;

  WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;
  // Sends the other ranks home and waits until each is done with what it is at (at most 10 s).
  ~WorkQueue();

  // Waits until every rank's service has begun. Returns how many jobs at once keep them all busy: two for each of their
  // threads, 0 where there is no other rank. Throws what `check` throws, and UserError where a service could not begin.
  int start(const Check& check);
  // Has jobs done until they are over; then answers still out are let go of. Calls the functions of `jobs` in the
  // caller's thread; no other thread may call MPI meanwhile. Throws a UserError with the rank and the text for one that
  // a worker threw, a runtime_error for any other.
  void run(const Jobs& jobs);
  // A worker's `stop_wanted` came true. From any thread.
  bool stop_wanted() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace prelude
