#include "launch/train/update_counts.h"

#include <string>

#include "core/error.h"

namespace prelude {

void UpdateCounts::add(bool skipped_one) {
  ++steps;
  skipped += skipped_one ? 1 : 0;
  skipped_in_row = skipped_one ? skipped_in_row + 1 : 0;
}

void require_updates(const UpdateCounts& counts, const StepResult& newest, bool last) {
  if (counts.skipped_in_row < UpdateCounts::most_skipped_in_row && !(last && counts.none_made())) return;
  if (counts.none_made()) {
    const bool loss = !std::isfinite(newest.loss);
    const std::string advice = loss ? advice_for(NotFiniteCause::model) : "it overflowed: try --dtype float32";
    fail("the {} was not finite in any of {} steps, so no update was made; {}", loss ? "loss" : "gradient",
         counts.steps, advice);
  }
  fail(
      "loss or gradient was not finite in {} steps in a row, up to step {}; lower --learning-rate or --clip, or use "
      "--dtype float32",
      counts.skipped_in_row, counts.steps);
}

}  // namespace prelude
