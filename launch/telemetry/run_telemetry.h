#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/io/append_file.h"
#include "launch/run_folder.h"
#include "launch/telemetry/event_file.h"
#include "launch/telemetry/metrics.h"
#include "launch/telemetry/progress.h"
#include "launch/telemetry/screen.h"
#include "launch/telemetry/telemetry.h"

namespace prelude {

// Everything a run says: metrics.jsonl, the TensorBoard events, log.txt and the progress line on standard error.
class RunTelemetry final : public Telemetry {
 public:
  // Continues `folder` after the checkpoint of step `resumed`: metrics of later steps are dropped; with none, all are,
  // those of a run that was killed before its first checkpoint. `steps` is the run's total.
  RunTelemetry(const RunFolder& folder, std::optional<std::int64_t> resumed, std::int64_t steps, Screen screen);

  void step(const StepMetrics& metrics) override;
  void validation(const ValidationMetrics& metrics) override;
  void message(const std::string& text) override;
  void warning(const std::string& text) override;
  void sync() override;
  void finish() override;

 private:
  MetricsFile metrics_;
  EventFile events_;
  LiveLine line_;
  AppendFile log_;
  TrainingProgress progress_;
  double smooth_seconds_ = 0;  // a step's, exponentially averaged
};

// The mean training loss of the first and last steps of metrics.jsonl, and its first, last and best validation loss.
struct RunSummary {
  double first_loss = 0;
  double last_loss = 0;
  std::int64_t averaged_steps = 0;  // at each end
  std::optional<double> first_validation;
  std::optional<double> last_validation;
  std::optional<double> best_validation;
  std::int64_t best_step = 0;
  std::optional<double> first_accuracy;
  std::optional<double> last_accuracy;
};
RunSummary summarise(const std::string& metrics_path);

}  // namespace prelude
