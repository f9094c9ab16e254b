#pragma once

#include <mpi.h>

#include <functional>
#include <memory>
#include <string>

#include "dist/communicator.h"
#include "dist/watchdog/flight_recorder.h"

namespace prelude {

// MPI for CPU tensors. CUDA tensors are staged through the host, so that several ranks can share a GPU in a test (NCCL
// refuses that); bfloat16 is summed in float32, for MPI knows no such type.
//
// Every call is MPI's non-blocking form, waited for by asking again, after a while with short sleeps between: ranks
// that share a core do not starve each other.
class MpiCommunicator final : public Communicator {
 public:
  // Owns `comm`. Every call is noted in `recorder`, which outlives this; `name` and `color` say there which group it
  // is.
  MpiCommunicator(MPI_Comm comm, const std::string& name, std::int64_t color, FlightRecorder& recorder);
  ~MpiCommunicator() override;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(at::Tensor& tensor) override;
  void broadcast(at::Tensor& tensor, int root) override;
  at::Tensor all_gather(const at::Tensor& mine) override;
  std::unique_ptr<Begun> begin_all_gather(const at::Tensor& mine, const at::Tensor& all) override;
  std::unique_ptr<Begun> begin_all_reduce(const at::Tensor& tensor) override;
  void barrier() override;
  std::unique_ptr<Communicator> split(int color, const std::string& name) override;

 private:
  // Starts a call and waits for it, noted in the recorder. `start` makes the MPI call, whose name is `call`.
  void run(Operation operation, const at::Tensor& tensor, const char* call,
           const std::function<int(MPI_Request*)>& start);
  // `host` [...] on the host, of a type that MPI sums.
  int start_all_reduce(const at::Tensor& host, MPI_Request* request) const;

  MPI_Comm comm_;
  FlightRecorder& recorder_;
  std::size_t group_;  // in the recorder
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace prelude
