#pragma once

#include "launch/experiment/cell.h"

namespace prelude {

// Which of two accuracies is reported, and chosen by.
enum class Measure { vocabulary_accuracy, accuracy };

inline double measured(const Scores& scores, Measure measure) {
  return measure == Measure::accuracy ? scores.accuracy : scores.vocabulary_accuracy;
}

// For axes, which are short.
inline const char* short_name(Measure measure) {
  return measure == Measure::accuracy ? "label-word accuracy" : "vocabulary accuracy";
}

// For notes below tables.
inline const char* explained(Measure measure) {
  return measure == Measure::accuracy ? "accuracy among the label words" : "accuracy among the whole vocabulary";
}

}  // namespace prelude
