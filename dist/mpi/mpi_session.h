#pragma once

#include <memory>
#include <string>

#include "dist/collective_error.h"
#include "dist/communicator.h"
#include "dist/watchdog/flight_recorder.h"

namespace prelude {

// MPI between its start and its end. One at a time in a process, made by World in the main thread.
class MpiSession {
 public:
  // A launcher (mpirun, or srun with PMIx) started this process among others, or alone. Throws UserError where Slurm
  // started several that could not find each other.
  static bool launched();

  // "Open MPI v4.1.4"; MPI need not be started.
  static std::string library();

  // Starts MPI so that one thread at a time may call it. Throws UserError where a launcher of another MPI started
  // several processes and this one sees only itself.
  MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
  // Waits for all ranks; not while an exception is on its way, for the others may never come.
  ~MpiSession();

  // Every rank, CPU tensors (CUDA tensors go through the host). `recorder` outlives it.
  std::unique_ptr<Communicator> world(FlightRecorder& recorder) const;
  // Ends the job on every rank; does not return.
  [[noreturn]] void abort(int code) const noexcept;

 private:
  Unwinding unwinding_;
};

}  // namespace prelude
