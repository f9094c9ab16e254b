#pragma once

#include <mpi.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dist/communicator.h"
#include "dist/watchdog/flight_recorder.h"

namespace prelude {

// What MPI was asked to do for one collective: one request, or one a piece of it.
struct MpiRequests {
  std::vector<MPI_Request> requests;         // none: done
  std::vector<std::shared_ptr<void>> types;  // that they refer to
};

// MPI for CPU tensors. CUDA tensors are staged through the host, so that several ranks can share a GPU in a test (NCCL
// refuses that); bfloat16 is summed in float32, for MPI knows no such type.
//
// Every call is MPI's non-blocking form, waited for by asking again, after a while with short sleeps between: ranks
// that share a core do not starve each other.
class MpiCommunicator final : public Communicator {
 public:
  static constexpr std::int64_t kMostBytes = std::int64_t{1} << 30;  // of a rank in one call: MPI counts in int

  // `comm` is this one's alone. It is not freed: that is a collective which Open MPI does at once, under the hands of
  // ranks that are still in the last call; a run makes a few groups, and MPI's end takes them. Every call is noted in
  // `recorder`, which outlives this; `name` and `color` say there which group it is. What is larger than `most_bytes`
  // goes in several calls of MPI.
  MpiCommunicator(MPI_Comm comm, const std::string& name, std::int64_t color, FlightRecorder& recorder,
                  std::int64_t most_bytes = kMostBytes);

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(at::Tensor& tensor) override;
  void broadcast(at::Tensor& tensor, int root) override;
  at::Tensor all_gather(const at::Tensor& mine) override;
  std::unique_ptr<Begun> begin_all_gather(const at::Tensor& mine, const at::Tensor& all) override;
  std::unique_ptr<Begun> begin_all_reduce(const at::Tensor& tensor) override;
  std::unique_ptr<Communicator> split(int color, const std::string& name) override;

 private:
  // Starts the calls of one collective. `Start` gives them places for their requests.
  using Start = std::function<void(MpiRequests&)>;

  // Notes a collective that is begun; returns its sequence number.
  std::uint64_t begin(Operation operation, const at::Tensor& tensor);
  // Starts a collective and waits for it, noted in the recorder; `call` is the name of MPI's function.
  void run(Operation operation, const at::Tensor& tensor, const char* call, const Start& start);
  // `host` [...] on the host, of a type that MPI sums.
  void start_all_reduce(const at::Tensor& host, MpiRequests& asked) const;
  // given [n] and host [size,n] on the host, of one type.
  void start_all_gather(const at::Tensor& given, const at::Tensor& host, MpiRequests& asked) const;

  MPI_Comm comm_;
  FlightRecorder& recorder_;
  std::size_t group_;  // in the recorder
  std::int64_t most_bytes_;
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace prelude
