// How likely a model finds each answer to questions with a known right one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/delta/delta_sites.h"
#include "core/t5/model.h"
#include "launch/experiment/cell.h"
#include "launch/not_finite.h"
#include "tasks/downstream/task_form.h"
#include "tasks/micro_batch_cut.h"

namespace prelude {

struct QuestionScore {
  std::vector<double> log_probabilities;  // one a class: summed over its word's pieces
  bool likeliest = false;                 // every piece of the right word is the likeliest of the whole vocabulary
  double loss_sum = 0;                    // of the right target, over all its label positions
  std::int64_t label_tokens = 0;
};

// One a question, in their order; nothing here makes a graph. `word_start`: where in a target the word begins. Sources
// are cut within `limits`. A number does not depend on what stands beside it in a batch, but for the last bits.
// `task_ids`: one a question, for a delta that asks for them; or empty.
std::vector<QuestionScore> score_questions(const Model& model, const DeltaSites& sites,
                                           std::span<const Question> questions, std::size_t word_start,
                                           const MicroBatchLimits& limits, at::Device device,
                                           std::span<const std::int64_t> task_ids = {});

// Throws UserError with the question's place unless all its numbers are finite; `cause`: why they would not be.
void require_finite_scores(const Question& question, const QuestionScore& score,
                           NotFiniteCause cause = NotFiniteCause::model);

// What a table shows of them. A class is predicted where it is the likeliest of those that the question offers, the
// first of equals. Throws as require_finite_scores.
Scores summarise(std::span<const Question> questions, std::span<const QuestionScore> scores,
                 NotFiniteCause cause = NotFiniteCause::model);

}  // namespace prelude
