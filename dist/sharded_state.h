// The state of a sharded optimiser, cut out of the whole one's. Element for element state (AdamW's moments, master
// weights) has one name on every rank and is cut as the leaf is; state of whole parts (Adafactor's) has names of its
// own on each.
#pragma once

#include <cstdint>
#include <vector>

#include "core/named_tensor.h"
#include "dist/communicator.h"
#include "dist/shard.h"

namespace prelude {

// What this rank takes of `whole`, which every rank has: for each of `mine` the tensor of its
// name and shape, or of `elements` [N] its `shard`. Views. A collective of `words`. Throws UserError, on every rank,
// where one has no such tensor, and where `whole` has a tensor that no rank takes.
std::vector<NamedTensor> own_state(Communicator& words, const std::vector<NamedTensor>& mine,
                                   const std::vector<NamedTensor>& whole, const Shard& shard, std::int64_t elements);

}  // namespace prelude
