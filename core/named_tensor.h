#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace prelude {

// A tensor as a checkpoint names it.
struct NamedTensor {
  std::string name;  // no '/'
  at::Tensor value;  // any shape
};

}  // namespace prelude
