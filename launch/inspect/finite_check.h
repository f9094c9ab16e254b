// `prelude inspect`: are a file's numbers finite?
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "core/io/safetensors.h"

namespace prelude {

// Looks at every number of the tensors, in as many threads as LibTorch has. A line for each tensor that holds one that
// is not finite: its name, how many there are, and where the first stands.
std::vector<std::string> not_finite_in(std::span<const TensorBytes> tensors);

// Sets "validity", to `sound` where `lines` are none; else "not sound", and the lines stand in "not_finite".
void set_validity(nlohmann::ordered_json& facts, const std::vector<std::string>& lines, const std::string& sound);

}  // namespace prelude
