#pragma once

#include <string>

#include "launch/telemetry/metrics.h"

namespace prelude {

// What a run says while it goes on. The first rank says it (RunTelemetry), the others nothing. Each word is part of the
// run's result: one that cannot be written ends the run, with a UserError that names the file.
class Telemetry {
 public:
  virtual ~Telemetry() = default;
  Telemetry() = default;
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  virtual void step(const StepMetrics& /*metrics*/) {}
  virtual void validation(const ValidationMetrics& /*metrics*/) {}
  // To the log and to standard error.
  virtual void message(const std::string& /*text*/) {}
  virtual void warning(const std::string& /*text*/) {}
  // Before a checkpoint: what was written is on disk.
  virtual void sync() {}
  // After the last word: all of it is on disk.
  virtual void finish() {}
};

}  // namespace prelude
