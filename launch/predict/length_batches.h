// How sources are batched for answers alone, and which rank computes which batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dist/communicator.h"
#include "launch/predict/request.h"
#include "tasks/micro_batch_cut.h"

namespace prelude {

// Tokens of each source.
std::vector<std::int64_t> lengths_of(std::span<const Ids> sources);

// Indices 0 ... lengths.size() - 1 as batches, those of longer sources first: a batch then holds little padding.
std::vector<std::vector<std::size_t>> batches_of_like_length(std::span<const std::int64_t> lengths,
                                                             const MicroBatchLimits& limits);

// Batch number `batch` is this rank's.
bool is_ours(std::size_t batch, const Communicator& data);

}  // namespace prelude
