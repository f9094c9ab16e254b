#include "launch/tune/ensemble.h"

#include <algorithm>
#include <tuple>

#include "core/delta/prompt_set.h"
#include "launch/tune/question_scores.h"

namespace prelude {
namespace {

// `scores`: of one question under each prompt.
std::int32_t elected(std::span<const QuestionScore> scores) {
  const std::size_t classes = scores.front().log_probabilities.size();
  std::vector<std::tuple<int, double>> standing(classes, {0, 0.0});  // votes, sum of log-probabilities
  for (const QuestionScore& score : scores) {
    const auto& log = score.log_probabilities;
    std::get<0>(standing[static_cast<std::size_t>(std::max_element(log.begin(), log.end()) - log.begin())]) += 1;
    for (std::size_t c = 0; c < classes; ++c) std::get<1>(standing[c]) += log[c];
  }
  return static_cast<std::int32_t>(std::max_element(standing.begin(), standing.end()) - standing.begin());
}

}  // namespace

std::vector<std::int32_t> vote(const Model& model, const at::Tensor& prompts, std::span<const Question> questions,
                               std::size_t word_start, const MicroBatchLimits& limits, at::Device device) {
  const PromptSet set(prompts, device);
  const auto voters = static_cast<std::size_t>(prompts.size(0));
  std::vector<Question> asked;
  std::vector<std::int64_t> task_ids;
  for (const Question& question : questions) {
    for (std::size_t k = 0; k < voters; ++k) {
      asked.push_back(question);
      task_ids.push_back(static_cast<std::int64_t>(k));
    }
  }
  const auto scores = score_questions(model, DeltaSites(set), asked, word_start, limits, device, task_ids);
  std::vector<std::int32_t> classes;
  for (std::size_t i = 0; i < asked.size(); ++i) require_finite_scores(asked[i], scores[i]);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    classes.push_back(elected(std::span(scores).subspan(i * voters, voters)));
  }
  return classes;
}

}  // namespace prelude
