#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace prelude {

// What flows into a part of the model; undefined where it has none.
struct BlockInputs {
  at::Tensor hidden;  // [B,S,D]
  at::Tensor memory;  // [B,M,D], the encoder's output
  at::Tensor bias;    // the self-attention's, in the form that is in use
};

// A part of the model that is a function of its inputs and of leaves -> [B,S,D]. What it uses must live until the
// backward is done.
using Block = std::function<at::Tensor(const BlockInputs&)>;

// block(inputs), keeping nothing but these: backward runs the block once more, with a graph (Chen et al., "Training
// deep nets with sublinear memory cost", arXiv 1604.06174). A step costs 6N instead of 4N FLOPs a token (of frozen
// weights) and the memory of one block instead of all. Leaves used within the block get their gradients as well. Where
// no input requires a gradient, the block is simply run.
at::Tensor recomputed(const Block& block, const BlockInputs& inputs);

}  // namespace prelude
