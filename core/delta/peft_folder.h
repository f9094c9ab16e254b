// PEFT's adapter folder of a soft prompt, as PEFT (huggingface/peft, PromptTuningConfig) writes and reads it, plus our
// own prelude.json beside it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/io/float_array.h"

namespace prelude {

struct PeftFolder {
  FloatArray rows;  // [P,D], the live half only; not yet looked at
  std::string base_model;
  double scale = 1;
  std::map<std::string, std::string> origin;
  std::vector<std::string> notes;
};

// Throws UserError naming the file and the field or tensor that is not as a soft prompt for a T5 has it.
PeftFolder read_peft_folder(const std::string& folder);

// `values`: [P,D] row-major.
void write_peft_folder(const std::string& folder, std::int64_t rows, std::int64_t width, std::span<const float> values,
                       const std::string& base_model, double scale, const std::map<std::string, std::string>& origin);

}  // namespace prelude
