// Log-probabilities and greedy continuations of a loaded model, batch by batch. Nothing here makes a graph. A number
// does not depend on what stands beside it in a batch, but for the last bits. The ranks are given the same, share the
// batches out, and all get all results.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "launch/predict/loaded_model.h"
#include "launch/predict/request.h"
#include "tasks/micro_batch_cut.h"

namespace prelude {

// A source and the targets to score under it.
struct ScoringJob {
  Ids source;
  std::vector<Ids> targets;  // none empty
};

// Natural log-probability of every target id, [job][target][position]: decoder input is the start id, then the target
// without its last id. Sources are cut within `limits` (tasks/micro_batch_cut.h); targets are decoded as many at once
// as sources of that width would fit. Throws UserError naming the target where a number is not finite.
using LogProbabilities = std::vector<std::vector<std::vector<double>>>;
using TargetName = std::function<std::string(std::size_t job, std::size_t target)>;  // "FILE line 3: candidates[1]"
LogProbabilities score(const LoadedModel& loaded, std::span<const ScoringJob> jobs, const MicroBatchLimits& limits,
                       const TargetName& name);

// The likeliest next id, again and again, until the end-of-sequence id (kept) or `most_new` ids; one list a source.
// Throws UserError naming the source where the likeliest logit is not finite.
using SourceName = std::function<std::string(std::size_t source)>;
std::vector<Ids> generate_greedily(const LoadedModel& loaded, std::span<const Ids> sources,
                                   const MicroBatchLimits& limits, std::int64_t most_new, const SourceName& name);

}  // namespace prelude
