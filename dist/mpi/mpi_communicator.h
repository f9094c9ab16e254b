#pragma once

#include <mpi.h>

#include <functional>
#include <memory>
#include <string>

#include "dist/communicator.h"

namespace prelude {

// MPI for CPU tensors. CUDA tensors are staged through the host, so that several ranks can share a GPU in a test (NCCL
// refuses that); bfloat16 is summed in float32, for MPI knows no such type.
//
// Every call is MPI's non-blocking form, waited for by asking again with ever longer pauses: ranks that share a core do
// not starve each other, and a rank that waits longer than the timeout notices by itself.
class MpiCommunicator final : public Communicator {
 public:
  // Owns `comm`; `name` says in messages what the group is for.
  MpiCommunicator(MPI_Comm comm, std::string name);
  ~MpiCommunicator() override;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(at::Tensor& tensor) override;
  void broadcast(at::Tensor& tensor, int root) override;
  at::Tensor all_gather(const at::Tensor& mine) override;
  void barrier() override;
  std::unique_ptr<Communicator> split(int color, const std::string& name) override;

 private:
  void finish(MPI_Request request);

  MPI_Comm comm_;
  std::string name_;
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace prelude
