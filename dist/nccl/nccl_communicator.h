#pragma once

#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAStream.h>
#include <nccl.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "dist/communicator.h"
#include "dist/watchdog/flight_recorder.h"

namespace prelude {

// NCCL for CUDA tensors, on the current stream of this rank's device: the host does not wait. The communicator is
// non-blocking, so that it can be aborted, and no call, error or end of it hangs.
class NcclCommunicator final : public Communicator {
 public:
  // Owns `comm`, ready for use. Every call is noted in `recorder`, which outlives this.
  NcclCommunicator(ncclComm_t comm, int device, const std::string& name, std::int64_t color, FlightRecorder& recorder);
  ~NcclCommunicator() override;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(at::Tensor& tensor) override;
  void broadcast(at::Tensor& tensor, int root) override;
  at::Tensor all_gather(const at::Tensor& mine) override;
  // On a stream of its own, which waits for the current one as it is now.
  std::unique_ptr<Begun> begin_all_gather(const at::Tensor& mine, const at::Tensor& all) override;
  std::unique_ptr<Begun> begin_all_reduce(const at::Tensor& tensor) override;
  // Here the host waits: for all ranks and for the stream.
  void barrier() override;
  std::unique_ptr<Communicator> split(int color, const std::string& name) override;

 private:
  struct Call {
    std::uint64_t ticket;  // of the recorder
    at::cuda::CUDAEvent done;
  };

  // Puts a call into the stream, noted in the recorder; calls of before that are done by now are noted as finished.
  void enqueue(Operation operation, const at::Tensor& tensor, const char* call,
               const std::function<ncclResult_t()>& start);
  // The same on the side stream.
  std::unique_ptr<Begun> begin(Operation operation, const at::Tensor& tensor, const char* call,
                               const std::function<ncclResult_t()>& start);
  ncclResult_t start_all_reduce(const at::Tensor& tensor);  // on the current stream

  ncclComm_t comm_;
  int device_;
  FlightRecorder& recorder_;
  std::size_t group_;  // in the recorder
  std::deque<Call> under_way_;
  std::optional<c10::cuda::CUDAStream> side_;  // of collectives that are begun
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace prelude
