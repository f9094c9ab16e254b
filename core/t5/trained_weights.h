#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/t5/config.h"
#include "core/t5/weights.h"

namespace prelude {

// Where a weight lies in the flat parameter.
struct TrainedPart {
  std::string name;                 // Hugging Face's
  std::vector<std::int64_t> shape;  // of what is held here
  std::int64_t offset;              // elements
  std::int64_t size;
  Cut cut;  // how it is shared out over tensor-parallel ranks; `none`: every rank holds all of it
};

// All weights of a backbone as what trains: one flat parameter in the slots' order, of which every weight is a view, so
// that optimiser, sums over ranks and checkpoints see one tensor. Gradients come in at leaves, one a product.
class TrainedWeights {
 public:
  // Copies `weights`, this rank's slices, into a flat tensor of their dtype and device.
  TrainedWeights(const T5Config& config, Weights weights);

  // For a Model: matrices of one product are fused, and q, k, v, wi_0 and wi_1 alone are views without a gradient, so
  // that no delta may sit between them.
  const Weights& weights() const { return weights_; }
  const at::Tensor& flat() const { return flat_; }  // [N], without a gradient of its own
  const std::vector<TrainedPart>& parts() const { return parts_; }

  // From here on backward adds the leaves' gradients to `gradient` [N], of the weights' dtype, in place.
  void accumulate_into(const at::Tensor& gradient) const;

 private:
  struct Leaf {
    at::Tensor tensor;
    std::int64_t offset;
  };

  Weights weights_;
  std::vector<TrainedPart> parts_;
  at::Tensor flat_;  // [N]
  std::vector<Leaf> leaves_;
};

}  // namespace prelude
