// Numbers that are not finite are no answer: NaN compares false with everything, so that a choice among such numbers
// is the first of them, and a mean with one is none. Whoever chooses or averages what a model gave asks here first.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "core/error.h"

namespace prelude {

enum class NotFiniteCause : std::uint8_t {
  model,     // nothing has been trained: the backbone, or the prompt that it was given
  training,  // numbers were finite before the updates
};

// How to mend it, for the end of a message: "the backbone or the prompt holds ...".
std::string advice_for(NotFiniteCause cause);

// Throws UserError "WHAT is NaN; ADVICE" (or infinite) unless `value` is finite; `what` makes the text WHAT.
template <typename What>
void require_finite(double value, const What& what, NotFiniteCause cause = NotFiniteCause::model) {
  if (std::isfinite(value)) return;
  fail("{} is {}; {}", what(), std::isnan(value) ? "NaN" : "infinite", advice_for(cause));
}

}  // namespace prelude
