#include "launch/tune/question_scores.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/delta/soft_prompt.h"
#include "core/error.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using Ids = std::vector<std::int32_t>;

// Answers of one and of several pieces, and questions that offer two, three or four of them.
std::vector<Question> some_questions() {
  const std::vector<Ids> answers{{0, 7, 3}, {0, 7, 4}, {0, 7, 5, 6}, {0, 7, 5, 9, 2}};
  std::vector<Question> questions;
  RandomStream stream(5, Purpose::test, 2);
  for (std::int32_t i = 0; i < 12; ++i) {
    Question question;
    for (std::int32_t k = 0; k <= i % 5; ++k)
      question.source.push_back(1 + static_cast<std::int32_t>(stream.below(28)));
    question.targets.assign(answers.begin(), answers.begin() + 2 + i % 3);
    question.label = i % static_cast<std::int32_t>(question.targets.size());
    questions.push_back(question);
  }
  return questions;
}

// log softmax of each position of one target, by a forward of its own: [T,V].
at::Tensor log_softmax_of(const Model& model, const DeltaSites& sites, const Ids& source, const Ids& target) {
  const at::NoGradGuard no_graph;
  const Batch batch = make_batch(std::vector<Ids>{source}, std::vector<Ids>{target}, 0, at::kCPU);
  const EncoderOutput encoded = model.encode(batch.source_ids, batch.source_lengths, sites);
  return model.logits(model.decode(batch.decoder_ids, encoded, sites)).log_softmax(2)[0];
}

TEST(QuestionScores, AreThoseOfEachTargetAlone) {
  const Model model = test::small_model(test::small_config(), 3, at::kDouble);
  const SoftPrompt prompt(test::random_tensor({2, 12}, 4), at::kCPU);
  const DeltaSites sites(prompt);
  const std::vector<Question> questions = some_questions();
  for (const std::int64_t most : {1, 5, 100}) {
    const auto scores = score_questions(model, sites, questions, 2, {.examples = most, .prompt_rows = 2}, at::kCPU);
    ASSERT_EQ(scores.size(), questions.size());
    for (std::size_t i = 0; i < questions.size(); ++i) {
      ASSERT_EQ(scores[i].log_probabilities.size(), questions[i].targets.size());
      for (std::size_t k = 0; k < questions[i].targets.size(); ++k) {
        const Ids& target = questions[i].targets[k];
        const at::Tensor log = log_softmax_of(model, sites, questions[i].source, target);
        double word = 0;
        double loss = 0;
        bool likeliest = true;
        for (std::size_t t = 1; t < target.size(); ++t) {
          const double value = log[static_cast<std::int64_t>(t) - 1][target[t]].item<double>();
          loss -= value;
          if (t < 2) continue;
          word += value;
          likeliest = likeliest && log[static_cast<std::int64_t>(t) - 1].argmax().item<std::int64_t>() == target[t];
        }
        EXPECT_NEAR(scores[i].log_probabilities[k], word, 1e-12);
        if (static_cast<std::int32_t>(k) != questions[i].label) continue;
        EXPECT_NEAR(scores[i].loss_sum, loss, 1e-12);
        EXPECT_EQ(scores[i].label_tokens, static_cast<std::int64_t>(target.size()) - 1);
        EXPECT_EQ(scores[i].likeliest, likeliest);
      }
    }
  }
}

// The right word is the whole vocabulary's likeliest where the label says so, and only there.
TEST(QuestionScores, TheLikeliestOfTheVocabularyCounts) {
  const Model model = test::small_model(test::small_config(), 3, at::kDouble);
  const Ids source{4, 9, 2};
  const auto best =
      static_cast<std::int32_t>(log_softmax_of(model, {}, source, {0, 7, 1})[1].argmax().item<std::int64_t>());
  const std::int32_t other = best == 3 ? 4 : 3;
  const std::vector<Question> questions{{source, {{0, 7, best}, {0, 7, other}}, 0},
                                        {source, {{0, 7, best}, {0, 7, other}}, 1}};
  const auto scores = score_questions(model, {}, questions, 2, {}, at::kCPU);
  EXPECT_TRUE(scores[0].likeliest);
  EXPECT_FALSE(scores[1].likeliest);
  const Scores summary = summarise(questions, scores);
  EXPECT_EQ(summary.examples, 2);
  EXPECT_EQ(summary.vocabulary_accuracy, 0.5);
  EXPECT_EQ(summary.accuracy, 0.5);
  EXPECT_EQ(summary.confusion, (std::vector<std::vector<std::int64_t>>{{1, 0}, {1, 0}}));
  EXPECT_NEAR(summary.macro_f1, 1.0 / 3, 1e-15);  // F1 of class 0: 2/3; of class 1: 0
  EXPECT_NEAR(summary.loss, (scores[0].loss_sum + scores[1].loss_sum) / 4, 1e-15);
}

// The first class would win where NaN is compared.
TEST(QuestionScores, ThatAreNotFiniteAreNoSummary) {
  const std::vector<Question> questions{{{4}, {{0, 7, 3}, {0, 7, 4}}, 1, "dev.jsonl:1"},
                                        {{4}, {{0, 7, 3}, {0, 7, 4}}, 0, "dev.jsonl:2"}};
  const QuestionScore good{{-1, -2}, false, 2, 2};
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<QuestionScore, std::string>> mistakes{
      {{{nan, nan}, false, nan, 2}, "dev.jsonl:2: the score of answer 0 is NaN"},
      {{{-1, -infinity}, false, 2, 2}, "dev.jsonl:2: the score of answer 1 is infinite"},
      {{{-1, -2}, false, nan, 2}, "dev.jsonl:2: the loss is NaN"}};
  for (const auto& [bad, said] : mistakes) {
    for (const auto& [cause, advice] :
         {std::pair{NotFiniteCause::model, "inspect --verify"}, {NotFiniteCause::training, "lower --learning-rate"}}) {
      try {
        (void)summarise(questions, std::vector<QuestionScore>{good, bad}, cause);
        ADD_FAILURE() << "no UserError: " << said;
      } catch (const UserError& error) {
        EXPECT_NE(std::string(error.what()).find(said), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find(advice), std::string::npos) << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace prelude
