// Log-probabilities and greedy continuations of a loaded model, batch by batch. Nothing here makes a graph. A number
// does not depend on what stands beside it in a batch, but for the last bits. The ranks are given the same, share the
// batches out, and all get all results.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "launch/predict/loaded_model.h"
#include "launch/predict/request.h"

namespace prelude {

// A source and the targets to score under it.
struct ScoringJob {
  Ids source;
  std::vector<Ids> targets;  // none empty
};

// Natural log-probability of every target id, [job][target][position]: decoder input is the start id, then the target
// without its last id. At most `batch_size` sources, and as many targets, are computed at once.
using LogProbabilities = std::vector<std::vector<std::vector<double>>>;
LogProbabilities score(const LoadedModel& loaded, std::span<const ScoringJob> jobs, std::int64_t batch_size);

// The likeliest next id, again and again, until the end-of-sequence id (kept) or `most_new` ids; one list a source. At
// most `batch_size` sources at once.
std::vector<Ids> generate_greedily(const LoadedModel& loaded, std::span<const Ids> sources, std::int64_t batch_size,
                                   std::int64_t most_new);

}  // namespace prelude
