// The options of the commands that read text files: `corpus build`, `tokenizer train`.
#pragma once

#include <string>

#include "launch/options.h"
#include "tasks/corpus/build_options.h"

namespace prelude {

// --input, needed, and --format.
void declare_inputs(OptionTable& table, BuildOptions& input);
void declare_text_field(OptionTable& table, BuildOptions& input);
// --on-error and the limits. `on_error` becomes "stop" or "skip".
void declare_input_problems(OptionTable& table, BuildOptions& input, std::string& on_error);

}  // namespace prelude
