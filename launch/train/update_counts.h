// Updates that were left out because loss or gradient was not finite, and when a run that has them comes to nothing.
#pragma once

#include <cstdint>

#include "launch/not_finite.h"
#include "launch/train/train_step.h"

namespace prelude {

struct UpdateCounts {
  // A run ends after this many left out one after the other.
  static constexpr std::int64_t most_skipped_in_row = 10;

  std::int64_t steps = 0;
  std::int64_t skipped = 0;         // of them
  std::int64_t skipped_in_row = 0;  // the newest ones without a good one between

  void add(bool skipped_one);
  bool none_made() const { return skipped == steps; }  // also before the first step
  // Why a number would not be finite now.
  NotFiniteCause cause() const { return none_made() ? NotFiniteCause::model : NotFiniteCause::training; }
};

// Throws UserError after a step where too many updates in a row were left out, or where the run ends (`last`) without
// a single one. `newest`: the step's.
void require_updates(const UpdateCounts& counts, const StepResult& newest, bool last);

}  // namespace prelude
