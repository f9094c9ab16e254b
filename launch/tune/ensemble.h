// Several tuned prompts of one task as one answer: the majority of their votes (Lester et al., EMNLP 2021, section 6).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/t5/model.h"
#include "tasks/downstream/task_form.h"
#include "tasks/micro_batch_cut.h"

namespace prelude {

// The class of each question that most of the prompts [K,P,D] find the likeliest of those that it offers; of equally
// many votes, the one with the greater sum of log-probabilities over the prompts. All prompts run in the same batches.
// Throws UserError where a score is not finite.
std::vector<std::int32_t> vote(const Model& model, const at::Tensor& prompts, std::span<const Question> questions,
                               std::size_t word_start, const MicroBatchLimits& limits, at::Device device);

}  // namespace prelude
