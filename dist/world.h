// The ranks of this run: what main opens before a command and closes after it.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "dist/collective_error.h"
#include "dist/communicator.h"
#include "dist/mpi/mpi_session.h"
#include "dist/watchdog/flight_recorder.h"
#include "dist/watchdog/watchdog.h"

namespace prelude {

class World {
 public:
  // Joins the ranks that a launcher started, or is alone where none did: then no MPI is started. Where that and all
  // that comes before watch() takes longer than `start_patience` seconds (0: no limit), the job ends: a rank that never
  // started cannot be named. Throws UserError for a launch that cannot work.
  explicit World(double start_patience = 0);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  // Waits for all ranks, watched; rank 0's ends last. A process that goes on for long after that is nobody's concern:
  // who is stopped then is not named.
  ~World();

  int rank() const { return group_->rank(); }
  int size() const { return group_->size(); }
  bool alone() const { return size() == 1; }
  // Rank 0 alone writes files and speaks to the user.
  bool first() const { return rank() == 0; }

  const std::string& host() const { return hosts_[static_cast<std::size_t>(rank())]; }
  const std::vector<std::string>& hosts() const { return hosts_; }  // of every rank
  int local_rank() const { return local_rank_; }                    // among the ranks of this host
  int local_size() const { return local_size_; }

  // All ranks, for CPU tensors and words.
  Communicator& group() const { return *group_; }
  // From now on a collective that waits longer than `timeout` seconds, a rank that is stopped for as long, and one that
  // is gone, end the job with the culprit named. A collective; again: nothing.
  void watch(double timeout);
  // Waits for all ranks, however long they compute: no timeout counts here, but a rank that is stopped or gone ends the
  // job as ever. Before a collective to which ranks come from work of unlike length. A collective.
  void wait_for_all() const;
  // The collectives of this rank; set_step says which step they belong to.
  FlightRecorder& recorder() { return *recorder_; }

  // "rank 3 on host n2: ", or nothing where there is one rank.
  std::string prefix() const;
  // Ends the job on every rank with this exit code.
  [[noreturn]] void abort(int code) noexcept;

 private:
  std::unique_ptr<FlightRecorder> recorder_ = std::make_unique<FlightRecorder>();
  std::promise<void> others_left_;      // of rank 0's watchdog
  std::unique_ptr<Watchdog> watchdog_;  // outlives MPI, whose end waits for all ranks
  std::unique_ptr<QuietThread> start_guard_;
  std::unique_ptr<MpiSession> mpi_;
  std::unique_ptr<Communicator> group_;
  std::vector<std::string> hosts_;
  int local_rank_ = 0;
  int local_size_ = 1;
  Unwinding unwinding_;
};

}  // namespace prelude
