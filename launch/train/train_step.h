#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "core/optim/optimizer.h"
#include "core/t5/batch.h"
#include "launch/train/loss_and_gradient.h"
#include "launch/train/step_sums.h"

namespace prelude {

struct StepResult {
  double loss;          // mean over the step's label tokens, before the update
  double grad_norm;     // L2, before clipping
  std::int64_t tokens;  // source and label tokens of all ranks
  bool stop;            // a rank asked for it, and all of them know
  bool finite() const { return std::isfinite(loss) && std::isfinite(grad_norm); }
};

// One update of what trains: gradients of the micro-batches' summed losses, divided by the label tokens of all of them,
// clipped to the norm `clip` (> 0), and the optimizer's step at `learning_rate`. So any cut of the same examples into
// micro-batches and ranks makes the same update, up to rounding. The ranks give their own micro-batches (maybe none)
// and all make the same update. Where loss or gradient is not finite, nothing is updated. The host waits for the device
// once, where the result is read. `idle_passes`: micro-batches that another rank has more (launch/train/idle_passes.h).
StepResult train_step(LossAndGradient& micro_batch, StepSums& sums, Optimizer& optimizer,
                      std::span<const Batch> micro_batches, double clip, double learning_rate,
                      std::int64_t idle_passes = 0);

}  // namespace prelude
