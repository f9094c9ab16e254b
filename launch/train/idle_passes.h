#pragma once

#include <cstdint>

#include "dist/communicator.h"

namespace prelude {

// How many micro-batches fewer this rank has in a step than the rank of `data` that has most. Ranks that gather layers
// together must ask for them equally often. `data`: for words on the host, so that no device is waited for.
std::int64_t idle_passes(Communicator& data, std::int64_t micro_batches);

}  // namespace prelude
