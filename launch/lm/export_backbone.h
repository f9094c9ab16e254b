#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "core/t5/config.h"
#include "core/t5/trained_weights.h"
#include "launch/ranks.h"

namespace prelude {

// Writes a backbone folder in Hugging Face's layout, which replaces the one of that name: it is complete under another
// name before the old one goes. Weights are joined over the tensor-parallel ranks; the first rank writes. A collective.
void export_backbone(const std::string& folder, const T5Config& config, const TrainedWeights& weights,
                     at::ScalarType dtype, const std::string& tokenizer_path, const Ranks& ranks);

}  // namespace prelude
