#include "launch/train/train_step.h"

#include <ATen/ATen.h>

#include "core/optim/clip.h"

namespace prelude {

StepResult train_step(const Model& model, const Delta& delta, StepSums& sums, AdamW& optimizer,
                      std::span<const Batch> micro_batches, double clip, double learning_rate) {
  sums.zero();
  for (const Batch& batch : micro_batches) {
    const at::Tensor loss = model.loss_sum(batch, DeltaSites(delta, batch.task_ids));  // []
    loss.backward();                                                                   // into sums.gradient()
    sums.add(loss, batch.label_tokens);
  }
  sums.divide_by_tokens();

  at::Tensor gradient = sums.gradient();                                                            // [N]
  const at::Tensor norm = clip_by_norm(gradient, clip);                                             // []
  const at::Tensor read = at::stack({sums.loss(), norm}).to(at::kDouble).to(at::Device(at::kCPU));  // [2]
  const StepResult result{read.const_data_ptr<double>()[0], read.const_data_ptr<double>()[1]};

  if (result.finite()) optimizer.step(gradient, learning_rate);
  return result;
}

}  // namespace prelude
