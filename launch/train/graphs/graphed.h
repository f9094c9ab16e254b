#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "launch/train/loss_and_gradient.h"

namespace prelude {

// Forward and backward as CUDA graphs, one a bucket, captured when a bucket comes for the second time; the few that
// were used last are kept, in one pool of memory. While it lives, the calling thread's current stream is one of its
// own. `delta`'s leaf and the model's weights stay where they are; the model is whole, for a graph holds no collective.
// All outlive the result. Throws UserError where `device` is no GPU or this build has no CUDA.
std::unique_ptr<LossAndGradient> make_graphed(const Model& model, const Delta& delta, at::Device device);

}  // namespace prelude
