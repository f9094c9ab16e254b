// Which of several words a model answers with, and how sure it is of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "launch/predict/loaded_model.h"
#include "launch/predict/request.h"
#include "tasks/micro_batch_cut.h"

namespace prelude {

struct WordQuestion {
  Ids decoder_ids;                     // [T]: the start id, then what stands before the word
  std::vector<std::int32_t> word_ids;  // [C], one a class
};

// Softmax over the words' logits behind decoder_ids, [source][class]: what `score` gives to the targets
// [decoder_ids without its first, word], normalised over the words, but the decoder runs once. Batches depend on
// `sources` and `limits` alone and each is computed by one rank, so that the bits do not depend on the number of
// data-parallel ranks. `stop` (may be empty) is asked on every rank after each round of batches, one a rank, with the
// sources that are done, and says the same on all; true gives up: nothing comes back. Without a graph.
using ClassProbabilities = std::vector<std::vector<double>>;
std::optional<ClassProbabilities> class_probabilities(const LoadedModel& loaded, std::span<const Ids> sources,
                                                      const WordQuestion& question, const MicroBatchLimits& limits,
                                                      const std::function<bool(std::size_t)>& stop = {});

}  // namespace prelude
