#pragma once

#include <memory>
#include <vector>

#include "core/t5/trained_weights.h"
#include "dist/communicator.h"
#include "dist/sharded_optimizer.h"
#include "launch/lm/lm_options.h"

namespace prelude {

// The optimiser of all weights that the options ask for: its state is shared out over `data`, which outlives it, and
// weights of fewer bits than float32 train through a float32 copy.
std::unique_ptr<ShardedOptimizer> make_optimizer(const LmOptions& options, const TrainedWeights& weights,
                                                 Communicator& data);

}  // namespace prelude
