#include "launch/train/train_loop.h"

#include <fmt/format.h>

#include "core/error.h"
#include "launch/not_finite.h"
#include "launch/train/train_step.h"
#include "launch/train/update_counts.h"

namespace prelude {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TrainLoop::TrainLoop(TrainParts parts, const TrainSettings& settings, TrainState state)
    : parts_(std::move(parts)), settings_(settings), state_(state), saved_step_(state.step) {}

bool TrainLoop::validation_due() const {
  if (state_.validated_step == state_.step) return false;
  return state_.step == 0 || ended() || (settings_.evaluate_every > 0 && state_.step % settings_.evaluate_every == 0);
}

bool TrainLoop::checkpoint_due() const {
  if (saved_step_ == state_.step) return false;
  const bool by_steps = settings_.checkpoint_every > 0 && state_.step % settings_.checkpoint_every == 0;
  const bool by_time = settings_.checkpoint_seconds > 0 && seconds_since(saved_at_) >= settings_.checkpoint_seconds;
  return by_steps || by_time || state_.best_step == state_.step;
}

void TrainLoop::validate() {
  const auto start = Clock::now();
  const auto result = parts_.validate();
  require(!result.not_finite, "step {}: the loss of held-out example {} is not finite; {}", state_.step,
          result.not_finite.value_or(0), advice_for(updates().cause()));
  const bool best = result.loss < state_.best_loss;
  if (best) {
    state_.best_loss = result.loss;
    state_.best_step = state_.step;
    state_.validations_since_best = 0;
  } else {
    ++state_.validations_since_best;
  }
  state_.validated_step = state_.step;
  state_.out_of_patience = settings_.patience > 0 && state_.validations_since_best >= settings_.patience;
  parts_.telemetry.validation({state_.step, result.loss, result.accuracy, result.examples, best, seconds_since(start)});
  if (best) export_result(true);
  export_result(false);
}

void TrainLoop::export_result(bool best) {
  const bool untrained = state_.step > 0 && updates().none_made();  // that would pass for the result of these steps
  if (!untrained) parts_.export_result(state_, best);
}

void TrainLoop::save() {
  parts_.telemetry.sync();
  parts_.save_checkpoint(state_);
  saved_step_ = state_.step;
  saved_at_ = Clock::now();
}

UpdateCounts TrainLoop::updates() const { return {state_.step, state_.skipped, state_.skipped_in_row}; }

// After a step whose update was left out.
void TrainLoop::say_skipped() {
  const auto first = (state_.step - 1) * settings_.global_batch;
  parts_.telemetry.warning(
      fmt::format("step {}: loss or gradient is not finite, update skipped (samples {} to {}; {} so far)", state_.step,
                  first, first + settings_.global_batch - 1, state_.skipped));
}

void TrainLoop::step(const StopSignal& signal) {
  const auto start = Clock::now();
  const auto batches = parts_.next_batches();
  const double rate = learning_rate(settings_.schedule, state_.step);
  if (signal.requested()) parts_.sums.vote_to_stop();
  const auto result = train_step(parts_.micro_batch, parts_.sums, parts_.optimizer, batches.micro_batches,
                                 settings_.clip, rate, batches.idle_passes);
  stop_ = result.stop;
  UpdateCounts counts = updates();
  counts.add(!result.finite());
  state_.step = counts.steps;
  state_.skipped = counts.skipped;
  state_.skipped_in_row = counts.skipped_in_row;

  StepMetrics metrics;
  metrics.step = state_.step;
  metrics.loss = result.loss;
  metrics.learning_rate = rate;
  metrics.grad_norm = result.grad_norm;
  metrics.tokens = result.tokens;
  metrics.examples = settings_.global_batch;
  metrics.padding = batches.padding;
  metrics.skipped = !result.finite();
  metrics.step_seconds = seconds_since(start);
  metrics.tokens_per_second = static_cast<double>(metrics.tokens) / metrics.step_seconds;
  parts_.telemetry.step(metrics);
  if (!result.finite()) say_skipped();
  require_updates(counts, result, state_.step >= settings_.steps);
}

TrainEnd TrainLoop::run(const StopSignal& signal) {
  while (true) {
    if (validation_due()) validate();
    if (checkpoint_due()) save();
    if (ended() || stop_) break;
    step(signal);
  }
  if (saved_step_ != state_.step) save();
  parts_.finish_saving();
  export_result(false);
  if (state_.out_of_patience) return TrainEnd::out_of_patience;
  return state_.step >= settings_.steps ? TrainEnd::finished : TrainEnd::stopped_by_signal;
}

}  // namespace prelude
