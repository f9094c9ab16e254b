#pragma once

#include <nccl.h>

#include <string>

#include "dist/communicator.h"

namespace prelude {

// NCCL for CUDA tensors, on the current stream of this rank's device: the host does not wait. The communicator is
// non-blocking, so that it can be aborted, and no call, error or end of it hangs.
class NcclCommunicator final : public Communicator {
 public:
  // Owns `comm`, ready for use.
  NcclCommunicator(ncclComm_t comm, int device, std::string name);
  ~NcclCommunicator() override;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(at::Tensor& tensor) override;
  void broadcast(at::Tensor& tensor, int root) override;
  at::Tensor all_gather(const at::Tensor& mine) override;
  // Here the host waits: for all ranks and for the stream.
  void barrier() override;
  std::unique_ptr<Communicator> split(int color, const std::string& name) override;

 private:
  ncclComm_t comm_;
  int device_;
  std::string name_;
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace prelude
