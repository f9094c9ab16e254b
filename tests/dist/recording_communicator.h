#pragma once

#include <ATen/ATen.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "dist/communicator.h"
#include "dist/self_communicator.h"

namespace prelude::test {

struct RecordedCall {
  std::string operation;
  std::vector<std::int64_t> shape;
  at::ScalarType type;
  bool operator==(const RecordedCall&) const = default;
  std::int64_t bytes() const {
    return c10::multiply_integers(shape) * static_cast<std::int64_t>(c10::elementSize(type));
  }
};

// Stands for rank `rank` of any number of ranks without any of them: writes down what would be sent, and sends nothing.
class RecordingCommunicator final : public Communicator {
 public:
  RecordingCommunicator(int rank, int size) : rank_(rank), size_(size) {}

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(at::Tensor& tensor) override { record("all_reduce_sum", tensor); }
  void broadcast(at::Tensor& tensor, int root) override { record("broadcast " + std::to_string(root), tensor); }
  at::Tensor all_gather(const at::Tensor& mine) override {
    record("all_gather", mine);
    std::vector<std::int64_t> shape(static_cast<std::size_t>(mine.dim()) + 1, -1);
    shape[0] = size_;
    return mine.unsqueeze(0).expand(shape);
  }
  // Every rank brings what this one does.
  std::unique_ptr<Begun> begin_all_gather(const at::Tensor& mine, const at::Tensor& all) override {
    record("begin_all_gather", mine);
    all.copy_(mine.unsqueeze(0).expand_as(all));
    return SelfCommunicator().begin_all_gather(mine, all.narrow(0, 0, 1));
  }
  std::unique_ptr<Begun> begin_all_reduce(const at::Tensor& tensor) override {
    record("begin_all_reduce", tensor);
    return SelfCommunicator().begin_all_reduce(tensor);
  }
  std::unique_ptr<Communicator> split(int, const std::string&) override {
    return std::make_unique<RecordingCommunicator>(rank_, size_);
  }

  const std::vector<RecordedCall>& calls() const { return calls_; }

 private:
  void record(std::string operation, const at::Tensor& tensor) {
    EXPECT_TRUE(tensor.is_contiguous());
    calls_.push_back({std::move(operation), tensor.sizes().vec(), tensor.scalar_type()});
  }

  int rank_;
  int size_;
  std::vector<RecordedCall> calls_;
};

}  // namespace prelude::test
