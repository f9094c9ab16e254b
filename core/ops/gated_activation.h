#pragma once

#include <ATen/core/Tensor.h>

#include "core/t5/config.h"

namespace prelude {

// activation(x), elementwise, any shape.
at::Tensor activate(const at::Tensor& x, Activation activation);

// activation(gate) * value (Shazeer, "GLU variants improve transformer", arXiv 2002.05202), gate and value being the
// halves of the last dimension: [...,2*F] -> [...,F]. Saves its input; activation and product are made again backward.
at::Tensor gated_activation(const at::Tensor& halves, Activation activation);

}  // namespace prelude
