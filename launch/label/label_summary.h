#pragma once

#include <string>

#include "launch/label/label_options.h"

namespace prelude {

// Counts of the finished corpus on standard output: per class how many sentences have its label, and how many of those
// above its threshold. `state` stands in front.
void print_label_summary(const CorpusLabelOptions& options, const std::string& state);

}  // namespace prelude
