#include "launch/train/train_step.h"

#include <ATen/ATen.h>

#include "core/optim/clip.h"

namespace prelude {

StepResult train_step(LossAndGradient& micro_batch, StepSums& sums, Optimizer& optimizer,
                      std::span<const Batch> micro_batches, double clip, double learning_rate,
                      std::int64_t idle_passes) {
  sums.zero();
  for (const Batch& batch : micro_batches) {
    sums.next_micro_batch(/*last=*/&batch == &micro_batches.back());
    const at::Tensor loss = micro_batch.add(batch);  // []; the gradient into sums.gradient()
    sums.add(loss, batch.label_tokens, batch.source_tokens);
  }
  micro_batch.pass_idly(idle_passes);
  sums.sum_over_ranks();
  sums.divide_by_tokens();

  at::Tensor gradient = sums.gradient();         // [N]
  const at::Tensor norm = sums.gradient_norm();  // []
  clip_to(gradient, norm, clip);
  const at::Tensor read = at::cat({sums.counts(), norm.unsqueeze(0)}).to(at::kDouble).to(at::Device(at::kCPU));  // [5]
  const double* const value = read.const_data_ptr<double>();  // the host waits here
  const StepResult result{value[0], value[4], std::llround(value[1] + value[2]), value[3] > 0};

  if (result.finite()) optimizer.step(gradient, learning_rate);
  return result;
}

}  // namespace prelude
