#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/optim/optimizer.h"
#include "core/optim/schedule.h"
#include "core/t5/batch.h"
#include "launch/telemetry/telemetry.h"
#include "launch/train/loss_and_gradient.h"
#include "launch/train/step_sums.h"
#include "launch/train/stop_signal.h"
#include "launch/train/train_state.h"
#include "launch/train/update_counts.h"
#include "launch/train/validation.h"

namespace prelude {

struct TrainSettings {
  std::int64_t steps = 0;
  Schedule schedule;
  double clip = 1;
  std::int64_t evaluate_every = 0;    // steps; 0: only before the first step and after the last
  std::int64_t patience = 0;          // validations without a new best before the run ends; 0: no limit
  std::int64_t checkpoint_every = 0;  // steps; 0: by time alone
  double checkpoint_seconds = 0;      // 0: by steps alone
  std::int64_t global_batch = 0;      // examples a step
};

struct StepBatches {
  std::vector<Batch> micro_batches;
  std::int64_t idle_passes = 0;  // micro-batches that another rank has more, where the ranks gather layers
  double padding = 0;            // share of the encoder positions, prompt rows included
};

// What the loop works on; all outlive it.
struct TrainParts {
  LossAndGradient& micro_batch;
  Optimizer& optimizer;
  // Those of the step that follows the last one given.
  std::function<StepBatches()> next_batches;
  StepSums& sums;
  std::function<ValidationResult()> validate;
  Telemetry& telemetry;
  // Begins to put what trains, optimiser and the given state on disk; the loop may go on meanwhile.
  std::function<void(const TrainState&)> save_checkpoint;
  // Returns when all that was begun is on disk.
  std::function<void()> finish_saving;
  // What trains is the best so far, or (false) just the newest: for those who only want the result.
  std::function<void(const TrainState&, bool best)> export_result;
};

enum class TrainEnd : std::uint8_t { finished, out_of_patience, stopped_by_signal };

class TrainLoop {
 public:
  TrainLoop(TrainParts parts, const TrainSettings& settings, TrainState state);

  // Steps until the last one, until patience ends, or until a signal came; a checkpoint and the newest result are
  // written before it returns. The result is also written at each validation, for those who look while it runs.
  // A signal at any one rank stops all of them after the same step. Throws UserError where a validation is not finite,
  // and where updates are left out as launch/train/update_counts.h says; nothing is written as the result then.
  TrainEnd run(const StopSignal& signal);
  const TrainState& state() const { return state_; }

 private:
  using Clock = std::chrono::steady_clock;

  bool ended() const { return state_.step >= settings_.steps || state_.out_of_patience; }
  bool validation_due() const;
  bool checkpoint_due() const;
  void validate();
  void save();
  void step(const StopSignal& signal);
  UpdateCounts updates() const;
  void say_skipped();
  void export_result(bool best);

  TrainParts parts_;
  TrainSettings settings_;
  TrainState state_;
  bool stop_ = false;  // agreed by all ranks
  std::int64_t saved_step_;
  Clock::time_point saved_at_ = Clock::now();
};

}  // namespace prelude
