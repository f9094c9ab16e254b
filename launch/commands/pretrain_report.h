#pragma once

#include <string>

#include "launch/commands/pretrain_inputs.h"
#include "launch/commands/pretrain_options.h"
#include "launch/run_folder.h"

namespace prelude {

// One line on what a run works with.
std::string describe(const PretrainInputs& inputs);

// To standard output: `headline`, losses at start and end, where the prompt is and what to do next.
void print_report(const PretrainOptions& options, const RunFolder& folder, const std::string& headline);

}  // namespace prelude
