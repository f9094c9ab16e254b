// Forward and backward of a micro-batch: step by step, or by replaying a CUDA graph (launch/train/graphs).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "core/delta/delta.h"
#include "core/t5/batch.h"
#include "core/t5/model.h"

namespace prelude {

class LossAndGradient {
 public:
  virtual ~LossAndGradient() = default;
  LossAndGradient() = default;
  LossAndGradient(const LossAndGradient&) = delete;
  LossAndGradient& operator=(const LossAndGradient&) = delete;

  // Adds the gradient of the batch's summed loss to the .grad of what trains. Returns the loss, [], valid until
  // the next call.
  virtual at::Tensor add(const Batch& batch) = 0;
  // Takes part in what the ranks do together in so many micro-batches of other ranks (Model::pass_idly).
  virtual void pass_idly(std::int64_t passes) = 0;
};

class EagerLossAndGradient final : public LossAndGradient {
 public:
  // Both outlive this.
  EagerLossAndGradient(const Model& model, const Delta& delta) : model_(model), delta_(&delta) {}
  // A backbone that trains, alone, with dropout by the batches' sample numbers and the run's seed.
  EagerLossAndGradient(const Model& model, double dropout_rate, std::uint64_t seed)
      : model_(model), dropout_rate_(dropout_rate), seed_(seed) {}
  at::Tensor add(const Batch& batch) override;
  void pass_idly(std::int64_t passes) override { model_.pass_idly(passes); }

 private:
  const Model& model_;
  const Delta* delta_ = nullptr;
  double dropout_rate_ = 0;
  std::uint64_t seed_ = 0;
};

// By the option --cuda-graphs. Model and delta outlive the result.
std::unique_ptr<LossAndGradient> make_loss_and_gradient(const Model& model, const Delta& delta, at::Device device,
                                                        bool cuda_graphs);

}  // namespace prelude
