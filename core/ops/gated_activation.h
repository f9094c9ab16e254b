#pragma once

#include <ATen/core/Tensor.h>

#include "core/t5/config.h"

namespace prelude {

// activation(x), elementwise, any shape.
at::Tensor activate(const at::Tensor& x, Activation activation);

// activation(gate) * value (Shazeer, "GLU variants improve transformer", arXiv 2002.05202); all [...,F]. Saves the two
// halves; the product is made again backward.
at::Tensor gated_activation(const at::Tensor& gate, const at::Tensor& value, Activation activation);

}  // namespace prelude
