// What trains in a run of tuning: a prompt in front of a frozen backbone, or every weight of a copy of it.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "core/delta/soft_prompt.h"
#include "core/optim/optimizer.h"
#include "core/t5/model.h"
#include "core/t5/trained_weights.h"
#include "dist/communicator.h"
#include "launch/train/loss_and_gradient.h"
#include "launch/train/summed_gradient.h"

namespace prelude {

struct TunedOptions {
  double weight_decay = 0.01;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

// With AdamW, on one data-parallel rank. `tensor`: the ranks that hold the backbone together.
class Tuned {
 public:
  virtual ~Tuned() = default;
  Tuned() = default;
  Tuned(const Tuned&) = delete;
  Tuned& operator=(const Tuned&) = delete;

  virtual const Model& model() const = 0;
  virtual DeltaSites sites() const = 0;
  virtual at::Tensor flat() const = 0;  // [N], what the optimizer writes
  virtual SummedGradient gradient() const = 0;
  virtual Optimizer& optimizer() = 0;
  virtual LossAndGradient& micro_batch() = 0;
};

// rows [P,D]; the model is frozen and outlives the result.
std::unique_ptr<Tuned> tune_prompt(const Model& model, const at::Tensor& rows, at::Device device,
                                   const TunedOptions& options);
// Copies the model's weights. `tensor` outlives the result.
std::unique_ptr<Tuned> tune_weights(const Model& model, const TensorParallel& parallel, Communicator& tensor,
                                    const TunedOptions& options);

}  // namespace prelude
