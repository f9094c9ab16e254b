// What a model answers to pretext examples.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "launch/predict/loaded_model.h"
#include "tasks/pretext/pretext_task.h"

namespace prelude {

struct GivenAnswers {
  double loss_sum = 0;             // over all label positions
  std::int64_t label_tokens = 0;   // label positions
  std::vector<std::int64_t> best;  // one an example: the likeliest of the label words that it offers, as a class
  std::int64_t likeliest = 0;      // examples whose right word is the likeliest of the whole vocabulary (PPT's measure)
};

// One padded batch, without a graph. `label_ids`: one a class, as of the examples' task.
GivenAnswers answer_examples(const LoadedModel& loaded, std::span<const Example> examples,
                             const std::vector<std::int32_t>& label_ids);

// Several batches of load_validation, which the ranks share out; every rank gets all answers. Throws UserError with the
// example's number where a loss is not finite: then no logit that answers are chosen by is in doubt.
std::vector<GivenAnswers> answer_batches(const LoadedModel& loaded, std::span<const std::vector<Example>> batches,
                                         const std::vector<std::int32_t>& label_ids);

}  // namespace prelude
