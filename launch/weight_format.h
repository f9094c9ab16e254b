// --weights: the number format of the frozen layers' matrices.
#pragma once

#include <string>

#include "core/t5/model.h"
#include "launch/options.h"

namespace prelude {

inline constexpr const char* weights_as_loaded = "dtype";

void declare_weight_format(OptionTable& table, std::string& format);

// Puts the model's matrices into `format`.
void apply_weight_format(Model& model, const std::string& format);

}  // namespace prelude
