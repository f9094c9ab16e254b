// The other ranks' side of a farm; rank 0 has the WorkQueue.
#pragma once

#include <functional>
#include <string>

namespace prelude {

struct WorkService {
  std::string greeting;  // WorkQueue::start gives it to its caller to check
  std::function<std::function<std::string(std::string)>()> make_worker;  // called in each thread
};

// Does rank 0's jobs in `threads` threads until it says that there are no more. What `start` or a worker throws travels
// to rank 0, which throws it there: here the function just returns when it is told to. `stop_wanted` (may be empty) is
// asked now and then; where it says true, rank 0 is told so. Only the caller's thread calls MPI.
void serve_work(int threads, const std::function<WorkService()>& start, const std::function<bool()>& stop_wanted = {});

}  // namespace prelude
