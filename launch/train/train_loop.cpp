#include "launch/train/train_loop.h"

#include <fmt/format.h>

#include "core/error.h"
#include "launch/train/train_step.h"

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
  if (best) parts_.export_result(state_, true);
  parts_.export_result(state_, false);
}

void TrainLoop::save() {
  parts_.telemetry.sync();
  parts_.save_checkpoint(state_);
  saved_step_ = state_.step;
  saved_at_ = Clock::now();
}

void TrainLoop::count_skipped() {
  ++state_.skipped;
  ++state_.skipped_in_row;
  const auto first = (state_.step - 1) * settings_.global_batch;
  parts_.telemetry.warning(
      fmt::format("step {}: loss or gradient is not finite, update skipped (samples {} to {}; {} so far)", state_.step,
                  first, first + settings_.global_batch - 1, state_.skipped));
  require(
      state_.skipped_in_row < most_skipped_in_row,
      "loss or gradient was not finite in {} steps in a row, up to step {}; lower --learning-rate or --clip, or use "
      "--dtype float32",
      state_.skipped_in_row, state_.step);
}

void TrainLoop::step(const StopSignal& signal) {
  const auto start = Clock::now();
  const auto batches = parts_.next_batches();
  const double rate = learning_rate(settings_.schedule, state_.step);
  if (signal.requested()) parts_.sums.vote_to_stop();
  const auto result = train_step(parts_.micro_batch, parts_.sums, parts_.optimizer, batches.micro_batches,
                                 settings_.clip, rate, batches.idle_passes);
  stop_ = result.stop;
  ++state_.step;

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
  if (result.finite()) {
    state_.skipped_in_row = 0;
  } else {
    count_skipped();
  }
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
  parts_.export_result(state_, false);
  if (state_.out_of_patience) return TrainEnd::out_of_patience;
  return state_.step >= settings_.steps ? TrainEnd::finished : TrainEnd::stopped_by_signal;
}

}  // namespace prelude
