#pragma once

#include <ATen/core/Tensor.h>

#include "core/ops/fp8_weight.h"

namespace prelude {

// A matrix in 8 bits that goes where a matrix goes: a tensor [out,in] of e4m3, whose storage knows the scales and the
// transposed copy. `weight` [out,in] as to_fp8 takes it. Another operator than linear_map sees numbers without scales.
at::Tensor as_fp8(const at::Tensor& weight);

// What as_fp8 made; nullptr for every other tensor. Throws InternalError for a view of some rows: it has no transposed
// copy of its own.
const Fp8Weight* fp8_of(const at::Tensor& weight);

}  // namespace prelude
