#include "launch/tune/ensemble.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/delta/soft_prompt.h"
#include "core/error.h"
#include "launch/tune/question_scores.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

std::vector<Question> some_questions(std::int32_t count) {
  RandomStream stream(5, Purpose::test, 2);
  std::vector<Question> questions;
  for (std::int32_t i = 0; i < count; ++i) {
    Question question;
    for (std::int32_t k = 0; k <= i % 4; ++k)
      question.source.push_back(1 + static_cast<std::int32_t>(stream.below(28)));
    question.targets = {{0, 7, 3}, {0, 7, 4}, {0, 7, 5, 6}};
    if (i % 3 == 0) question.targets.pop_back();
    questions.push_back(question);
  }
  return questions;
}

// Against each prompt by itself, votes counted by hand.
TEST(Ensemble, IsTheMajorityOfPromptsOneByOne) {
  const Model model = test::small_model(test::small_config(), 3, at::kDouble);
  const at::Tensor prompts = 2 * test::random_tensor({4, 3, 12}, 8);
  const std::vector<Question> questions = some_questions(40);
  std::vector<std::vector<QuestionScore>> alone;
  for (std::int64_t k = 0; k < 4; ++k) {
    const SoftPrompt prompt(prompts[k], at::kCPU);
    alone.push_back(score_questions(model, DeltaSites(prompt), questions, 2, {}, at::kCPU));
  }
  const auto voted = vote(model, prompts, questions, 2, {.examples = 7, .prompt_rows = 3}, at::kCPU);
  int ties = 0;
  int disagreements = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    std::map<std::int32_t, int> votes;
    std::map<std::int32_t, double> sums;
    for (const auto& scores : alone) {
      const auto& log = scores[i].log_probabilities;
      ++votes[static_cast<std::int32_t>(std::max_element(log.begin(), log.end()) - log.begin())];
      for (std::size_t c = 0; c < log.size(); ++c) sums[static_cast<std::int32_t>(c)] += log[c];
    }
    int most = 0;
    for (const auto& [label, count] : votes) most = std::max(most, count);
    std::int32_t best = -1;
    int with_most = 0;
    for (const auto& [label, count] : votes) {
      if (count < most) continue;
      ++with_most;
      if (best < 0 || sums[label] > sums[best]) best = label;
    }
    EXPECT_EQ(voted[i], best) << i;
    ties += with_most > 1 ? 1 : 0;
    disagreements += votes.size() > 1 ? 1 : 0;
  }
  EXPECT_GT(disagreements, 5);
  EXPECT_GT(ties, 0);
}

TEST(Ensemble, HasNoVoteOfAPromptThatIsNotFinite) {
  const Model model = test::small_model(test::small_config(), 3, at::kDouble);
  const at::Tensor prompts = test::random_tensor({2, 3, 12}, 8);
  prompts[1][0][0].fill_(std::nan(""));
  EXPECT_THROW(vote(model, prompts, some_questions(4), 2, {.examples = 7, .prompt_rows = 3}, at::kCPU), UserError);
}

}  // namespace
}  // namespace prelude
