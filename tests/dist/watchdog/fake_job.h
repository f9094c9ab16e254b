// A job of forked processes, a watchdog each, whose collectives are counters in shared memory: no MPI, no Torch.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "dist/watchdog/flight_recorder.h"

namespace prelude::test {

// What the ranks of a job share.
struct SharedCounters {
  static constexpr std::size_t kCollectives = 4096;
  std::array<std::atomic<int>, kCollectives> arrived;
  std::atomic<int> done;
};

// A rank, in its own process.
class FakeRank {
 public:
  FakeRank(int its_rank, int ranks, FlightRecorder& its_recorder, SharedCounters& shared)
      : rank(its_rank), size(ranks), recorder(its_recorder), shared_(shared), world_(recorder.group("world")) {}

  // Returns when all ranks (`members` of them; -1: the world) have called their collective with the number `slot`.
  void meet(std::size_t slot, Operation operation, std::int64_t count, std::size_t group, int members);
  // The next of the world.
  void all_reduce(std::int64_t count = 1000) { meet(next_++, Operation::all_reduce, count, world_, size); }
  void new_group() { meet(next_++, Operation::new_group, 0, world_, size); }
  // Training without an end, unless `steps` are given: a collective, then some work.
  void train(int steps = 1 << 20);

  SharedCounters& shared() { return shared_; }

  const int rank;
  const int size;
  FlightRecorder& recorder;

 private:
  SharedCounters& shared_;
  std::size_t world_;
  std::size_t next_ = 0;
};

struct RankEnd {
  bool ended = false;
  int code = -1;       // exit code; 128 + N where signal N ended it
  double after_s = 0;  // since mark(), or since the start
  std::string errors;  // its standard error
};

class FakeJob {
 public:
  // Host names are n1 for ranks 0 and 1, n2 for 2 and 3, ...
  // `rank_0_is_last`: it waits for the others' goodbyes after its body.
  FakeJob(int size, double timeout_s, const std::function<void(FakeRank&)>& body, bool rank_0_is_last = false);
  FakeJob(const FakeJob&) = delete;
  FakeJob& operator=(const FakeJob&) = delete;
  ~FakeJob();  // kills what still runs

  void send(int rank, int signal) const;
  void mark();  // times count from here
  // Waits until all ranks but `other_than` have ended, at most `seconds`.
  std::vector<RankEnd> wait(double seconds, int other_than = -1);

 private:
  int size_;
  std::string folder_;  // the ranks' standard errors
  SharedCounters* shared_;
  std::vector<pid_t> processes_;
  std::vector<RankEnd> ends_;
  double started_s_ = 0;
};

std::string fake_host(int rank);

}  // namespace prelude::test
