// What every run of training says of itself, whatever it trains.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "launch/ranks.h"
#include "launch/run_folder.h"
#include "launch/session.h"
#include "launch/telemetry/telemetry.h"
#include "launch/train/stop_signal.h"

namespace prelude {

// RunTelemetry on standard error where this rank speaks, and one that is silent where it does not.
std::unique_ptr<Telemetry> open_telemetry(const RunFolder& folder, std::optional<std::int64_t> resumed,
                                          std::int64_t steps, bool speaks);
// The program, what it computes on, and the ranks where there are several.
void say_program(Telemetry& telemetry, const SessionOptions& session, const Ranks& ranks);
// That a signal ended the run after `step` of its `steps`.
void say_stopped(Telemetry& telemetry, const StopSignal& signal, std::int64_t step, std::int64_t steps);

}  // namespace prelude
