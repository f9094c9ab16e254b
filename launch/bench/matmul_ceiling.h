#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/t5/flops.h"

namespace prelude {

// The best that this machine's matrix library does, for a ratio: at::mm on random numbers. On the CPU over the step's
// own weight products, forward and input gradient; on a GPU one product of 8192^3.
class MatmulCeiling {
 public:
  MatmulCeiling(std::vector<MatrixProduct> products, at::Device device, at::ScalarType dtype);

  // FLOP/s, measured now.
  double measure();
  const std::string& what() const { return what_; }

 private:
  struct Operands {
    at::Tensor left;   // [m,k]
    at::Tensor right;  // [k,n]
    double count;      // how often the step has it
  };

  std::vector<Operands> operands_;
  std::string what_;
  bool on_cpu_;
};

}  // namespace prelude
