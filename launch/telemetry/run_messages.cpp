#include "launch/telemetry/run_messages.h"

#include <fmt/format.h>

#include "launch/telemetry/run_telemetry.h"
#include "launch/version.h"

namespace prelude {

std::unique_ptr<Telemetry> open_telemetry(const RunFolder& folder, std::optional<std::int64_t> resumed,
                                          std::int64_t steps, bool speaks) {
  if (!speaks) return std::make_unique<Telemetry>();
  return std::make_unique<RunTelemetry>(folder, resumed, steps, Screen::standard_error());
}

void say_program(Telemetry& telemetry, const SessionOptions& session, const Ranks& ranks) {
  telemetry.message(fmt::format("prelude {} ({}) on {}, {}, {} threads", version(), revision(), session.device,
                                session.dtype, session.threads));
  if (ranks.world().alone()) return;
  const MeshPlace& place = ranks.mesh().place;
  telemetry.message(fmt::format("{} ranks: {} data-parallel x {} tensor-parallel", ranks.world().size(),
                                place.data_size, place.tensor_size));
}

void say_stopped(Telemetry& telemetry, const StopSignal& signal, std::int64_t step, std::int64_t steps) {
  telemetry.message(fmt::format("stopped by {} at step {} of {}; run the same command again to go on",
                                signal.requested() ? signal.name() : "a signal to another rank", step, steps));
}

}  // namespace prelude
