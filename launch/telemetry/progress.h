#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "launch/telemetry/screen.h"

namespace prelude {

// "1:02:03" or "2:03"; "-" where unknown (negative or not finite).
std::string duration_text(double seconds);
// "950", "12.3k", "4.56M", "1.20G".
std::string amount_text(double amount);

// What the progress line of a training run says.
struct TrainingProgress {
  std::int64_t step = 0;  // steps done
  std::int64_t steps = 0;
  double loss = 0;                   // of the last step, a label token's mean
  std::optional<double> validation;  // newest validation loss
  double learning_rate = 0;
  double tokens_per_second = 0;
  double seconds_left = -1;  // negative: not known yet
  double padding = 0;        // share of the last step's encoder positions
};

// Aligned: lines of one run have their columns one under the other.
LiveLine::Fields training_fields(const TrainingProgress& progress);

// A bar for long work that is not training: share done, rate, time left. Safe from several threads.
class ProgressBar {
 public:
  // `total` <= 0: not known, only amount and rate are shown. `what`: "reading"; `unit`: "bytes", "sentences".
  ProgressBar(std::string what, std::string unit, std::int64_t total, Screen screen = Screen::standard_error());
  // Absolute amount done so far.
  void update(std::int64_t done);
  // A message on a line of its own; the bar goes on below it.
  void message(const std::string& text);
  // Draws the last state and ends the line.
  void finish();

 private:
  LiveLine::Fields fields(double seconds) const;

  std::mutex mutex_;
  std::string what_;
  std::string unit_;
  std::int64_t total_;
  std::int64_t done_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  LiveLine line_;
};

// The bar's text: 20 cells, `share` in [0,1].
std::string bar_text(double share);

}  // namespace prelude
