#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/flat_part.h"
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

  // For a Model, which multiplies with the fused matrices: q, k, v, wi_0 and wi_1 of one are views without a gradient.
  const Weights& weights() const { return weights_; }
  const at::Tensor& flat() const { return flat_; }  // [N], without a gradient of its own
  const std::vector<TrainedPart>& parts() const { return parts_; }

  // From here on backward adds the leaves' gradients to `gradient` [N] in place: of the weights' dtype, or float32 for
  // bfloat16 weights, so that only what one backward makes is rounded to bfloat16.
  void accumulate_into(const at::Tensor& gradient) const;

  // What becomes final in `gradient` at once, in the order in which a backward makes it, but for a few that come later:
  // from the output matrix down to the embeddings. Together all of [0, N).
  const std::vector<FlatPart>& leaves() const { return places_; }
  // From here on `told` hears of every leaf, by its index, once a backward, when the gradient has been added. It is
  // called in the thread that works backward, in order of the device's stream.
  void on_gradient(std::function<void(std::size_t leaf)> told) const;

 private:
  struct Listener {
    std::function<void(std::size_t)> told;
  };
  void listen_to_leaves();

  Weights weights_;
  std::vector<TrainedPart> parts_;
  at::Tensor flat_;  // [N]
  std::vector<at::Tensor> leaves_;
  std::vector<FlatPart> places_;                                       // of leaves_
  std::shared_ptr<Listener> listener_ = std::make_shared<Listener>();  // shared with the leaves' hooks
};

}  // namespace prelude
