#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace prelude {

// A part of the model that is a function of the hidden states [B,S,D] and, in the decoder, of the encoder's output
// [B,M,D] (else undefined) -> [B,S,D]. What else it uses must live until the backward is done.
using Block = std::function<at::Tensor(const at::Tensor& hidden, const at::Tensor& memory)>;

// block(hidden, memory), keeping nothing but these two: backward runs the block once more, with a graph (Chen et al.,
// "Training deep nets with sublinear memory cost", arXiv 1604.06174). A step costs 6N instead of 4N FLOPs a token and
// the memory of one block instead of all. Tensors trained within the block get their gradients as well. Where neither
// input requires a gradient, the block is simply run.
at::Tensor recomputed(const Block& block, const at::Tensor& hidden, const at::Tensor& memory);

}  // namespace prelude
