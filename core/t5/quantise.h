#pragma once

#include "core/t5/weights.h"

namespace prelude {

// Puts the layers' matrices, fused already, into 8 bits (core/ops/fp8_tensor.h); norms, embedding, output matrix and
// position tables stay as they are. Matrices of one product share their tensor: q, k, v, wi_0 and wi_1 alone are rows
// of it that nobody can multiply with. Throws UserError for sizes that do not fit.
void quantise_layers(Weights& weights);

}  // namespace prelude
