#include "core/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace prelude {
namespace {

constexpr double rsqrt_steps = 10000;  // at the full rate

// The formula without a warm-up, from step `warmup_steps` on.
double decayed(const Schedule& schedule, std::int64_t step) {
  const auto s = static_cast<double>(step);
  const auto warmup = static_cast<double>(schedule.warmup_steps);
  const auto total = static_cast<double>(schedule.total_steps);
  const double done = std::clamp((s - warmup) / std::max(total - warmup, 1.0), 0.0, 1.0);  // of the decay
  switch (schedule.kind) {
    case ScheduleKind::constant:
      return schedule.rate;
    case ScheduleKind::rsqrt:
      return schedule.rate * std::sqrt(rsqrt_steps / std::max(s + 1.0, rsqrt_steps));
    case ScheduleKind::noam:
    case ScheduleKind::noam_ppt:
      return schedule.rate / std::sqrt(s + 1.0);
    case ScheduleKind::linear:
      return schedule.rate * (1.0 - done);
    case ScheduleKind::cosine:
      return schedule.rate * 0.5 * (1.0 + std::cos(std::numbers::pi * done));
  }
  throw InternalError("a schedule of no known kind");
}

}  // namespace

double learning_rate(const Schedule& schedule, std::int64_t step) {
  ensure(step >= 0, "the learning rate of step {}", step);
  if (schedule.kind == ScheduleKind::noam_ppt) {
    const std::int64_t warmup = std::max<std::int64_t>(schedule.warmup_steps, 1);
    if (step <= warmup) return schedule.rate * static_cast<double>(step) / static_cast<double>(warmup);
    return decayed(schedule, step);
  }
  if (step >= schedule.warmup_steps) return decayed(schedule, step);
  const double climbed = static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps + 1);
  return decayed(schedule, schedule.warmup_steps) * climbed;
}

void check(const Schedule& schedule) {
  require(std::isfinite(schedule.rate) && schedule.rate > 0,
          "--learning-rate is {}; give a finite number above 0, for example 0.1", schedule.rate);
  require(schedule.warmup_steps >= 0, "--warmup-steps is {}; give 0 or more", schedule.warmup_steps);
  const bool decays_to_zero = schedule.kind == ScheduleKind::linear || schedule.kind == ScheduleKind::cosine;
  require(!decays_to_zero || schedule.total_steps == 0 || schedule.warmup_steps < schedule.total_steps,
          "--warmup-steps {} leaves no step of --steps {} for the {} schedule to decay in; give fewer",
          schedule.warmup_steps, schedule.total_steps, name_of(schedule.kind));
}

std::string warmup_warning(const Schedule& schedule) {
  if (schedule.warmup_steps == 0 || schedule.warmup_steps < schedule.total_steps) return "";
  return fmt::format("--warmup-steps {} is not over within --steps {}: the rate {} is never reached",
                     schedule.warmup_steps, schedule.total_steps, schedule.rate);
}

ScheduleKind schedule_kind(std::string_view name) {
  std::string known;
  for (const ScheduleName& row : schedule_names) {
    if (row.name == name) return row.kind;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", row.name);
  }
  fail("--schedule '{}' is unknown; it is one of {}", name, known);
}

std::string_view name_of(ScheduleKind kind) {
  for (const ScheduleName& row : schedule_names) {
    if (row.kind == kind) return row.name;
  }
  throw InternalError("a schedule of no known kind");
}

}  // namespace prelude
