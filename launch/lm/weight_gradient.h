#pragma once

#include "core/t5/trained_weights.h"
#include "dist/communicator.h"
#include "launch/train/summed_gradient.h"

namespace prelude {

// The gradient of all weights, for a step's sums. `tensor`: the ranks that hold slices of them. Both outlive the
// result.
SummedGradient gradient_of_weights(const TrainedWeights& weights, Communicator& tensor);

}  // namespace prelude
