// Learning rates as pure functions of the step: nothing to save, nothing to restore.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace prelude {

enum class ScheduleKind : std::uint8_t { constant, rsqrt, noam, noam_ppt, linear, cosine };

struct ScheduleName {
  ScheduleKind kind;
  std::string_view name;
  std::string_view formula;  // one line for help texts
};

// What a user may write after --schedule.
constexpr std::array<ScheduleName, 6> schedule_names{{
    {ScheduleKind::constant, "constant", "rate"},
    {ScheduleKind::rsqrt, "rsqrt", "rate for 10,000 steps, then rate * 100 / sqrt(step + 1): T5's"},
    {ScheduleKind::noam, "noam", "rate / sqrt(step + 1)"},
    {ScheduleKind::noam_ppt, "noam-ppt", "noam with PPT's start: 0 at step 0, the full rate at step 1"},
    {ScheduleKind::linear, "linear", "falls in a line to 0 at the last step"},
    {ScheduleKind::cosine, "cosine", "falls along half a cosine to 0 at the last step"},
}};

struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  double rate = 0;                // the option --learning-rate
  std::int64_t warmup_steps = 0;  // the first steps climb in a line to where the formula takes over
  std::int64_t total_steps = 0;   // of the run; linear and cosine reach 0 there
};

// The rate of update `step`, counted from 0. From step `warmup_steps` on it is the formula's own value, so that a
// warm-up changes nothing after it; before, step s of a warm-up of W takes (s+1)/(W+1) of the formula's value at W,
// which is never 0. rsqrt is T5's pre-training schedule, 1 / sqrt(max(step, 10^4)) (Raffel et al. 2020, section 3.1.2),
// with the rate in the place of its 0.01. noam and noam-ppt agree from step 2 on: rate / sqrt(step + 1), PPT's
// pre-training schedule (0.1 gives 1.1e-3 at 8,000 and 2.2e-4 at 200,000). noam-ppt keeps the start of PPT's scheduler:
// its warm-up W is at least 1, and step s <= W has rate x s/W, hence 0 at step 0 (which also discards that update, as
// PPT's first-step rule does) and then a jump down.
double learning_rate(const Schedule& schedule, std::int64_t step);

// Throws UserError where the schedule cannot be run: a rate that is not a finite number above 0, a negative warm-up, or
// one as long as a run that has to decay after it. A run of no steps has no schedule.
void check(const Schedule& schedule);
// One line where the warm-up is not over before the run is, so that the rate is never reached; empty elsewhere. More
// steps may follow.
std::string warmup_warning(const Schedule& schedule);

// Throws UserError that lists the names.
ScheduleKind schedule_kind(std::string_view name);
std::string_view name_of(ScheduleKind kind);

}  // namespace prelude
