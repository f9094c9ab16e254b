#include "launch/tune/tuning.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/optim/adamw.h"
#include "core/optim/clip.h"
#include "core/random/permutation.h"
#include "dist/self_communicator.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using Ids = std::vector<std::int32_t>;

// The first id says which of two answers is right: soon learnt.
std::vector<Question> easy_questions(std::uint64_t seed, std::size_t count) {
  RandomStream stream(seed, Purpose::test, 3);
  std::vector<Question> questions;
  for (std::size_t i = 0; i < count; ++i) {
    const auto label = static_cast<std::int32_t>(i % 2);
    Ids source{10 + label};
    for (std::uint64_t k = stream.below(4); k > 0; --k)
      source.push_back(12 + static_cast<std::int32_t>(stream.below(15)));
    questions.push_back({source, {{0, 7, 3}, {0, 7, 4}}, label});
  }
  return questions;
}

const std::vector<Question> train = easy_questions(1, 10);
const std::vector<Question> dev = easy_questions(2, 12);

TuningSettings settings_of(std::int64_t steps) {
  TuningSettings settings;
  settings.steps = steps;
  settings.batch = 4;
  settings.schedule = {ScheduleKind::constant, 0.05, 0, steps};
  settings.evaluate_every = 5;
  settings.seed = 9;
  settings.limits.examples = 3;
  return settings;
}

TuningEnd tuned_end(Tuned& tuned, const TuningSettings& settings) {
  SelfCommunicator alone;
  return tune(tuned, settings, {train, dev, 2}, alone, at::kCPU, {});
}

// Against a loop that pads nothing and cuts nothing: examples one by one, AdamW on their mean.
TEST(Tuning, FollowsAPlainLoop) {
  const Model model = test::small_model(test::small_config(), 3, at::kDouble);
  const at::Tensor rows = test::random_tensor({3, 12}, 4);
  const TuningSettings settings = settings_of(13);
  const auto tuned = tune_prompt(model, rows, at::kCPU, {});
  const TuningEnd end = tuned_end(*tuned, settings);

  SoftPrompt prompt(rows, at::kCPU);
  const at::Tensor flat = prompt.trainable().flat();
  AdamW optimizer(flat);
  const Permutation order(train.size(), settings.seed, 0);
  std::vector<at::Tensor> states{flat.detach().clone()};
  for (std::uint64_t step = 0; step < 13; ++step) {
    at::Tensor loss = at::zeros({}, at::kDouble);
    for (std::uint64_t k = 0; k < 4; ++k) {
      const Question& question = train[order((step * 4 + k) % train.size())];
      const Ids& target = question.targets[static_cast<std::size_t>(question.label)];
      const Batch batch = make_batch(std::vector<Ids>{question.source}, std::vector<Ids>{target}, 0, at::kCPU);
      loss = loss + model.loss_sum(batch, DeltaSites(prompt)) / 8;  // four examples of two label positions
    }
    flat.mutable_grad() = at::Tensor();
    loss.backward();
    at::Tensor gradient = flat.grad().clone();
    clip_to(gradient, at::linalg_vector_norm(gradient), 1);
    optimizer.step(gradient, 0.05);
    states.push_back(flat.detach().clone());
  }
  ASSERT_TRUE(end.finished);
  const at::Tensor expected = states.at(static_cast<std::size_t>(end.best_step));
  EXPECT_LT((tuned->flat() - expected).abs().max().item<double>(), 1e-9);
}

// Of the states with the best dev accuracy, the one of the least dev loss: a tie is no reason to keep an earlier one.
TEST(Tuning, LearnsAndKeepsTheBest) {
  const Model model = test::small_model(test::small_config(), 3, at::kFloat);
  const auto tuned = tune_prompt(model, test::random_tensor({3, 12}, 4).to(at::kFloat), at::kCPU, {});
  TuningSettings settings = settings_of(203);
  settings.schedule.rate = 0.3;
  const TuningEnd end = tuned_end(*tuned, settings);
  for (std::size_t k = 0; k < end.curve.size(); ++k) {
    EXPECT_EQ(end.curve[k].step, std::min<std::int64_t>(5 * static_cast<std::int64_t>(k), 203));
  }
  EXPECT_EQ(end.curve.back().step, 203);
  const auto best = std::max_element(end.curve.begin(), end.curve.end(), [](const DevPoint& a, const DevPoint& b) {
    return std::pair(a.accuracy, -a.loss) < std::pair(b.accuracy, -b.loss);
  });
  EXPECT_EQ(end.best_step, best->step);  // max_element gives the first
  EXPECT_EQ(end.dev.accuracy, best->accuracy);
  EXPECT_GT(end.dev.accuracy, end.curve.front().accuracy);
  EXPECT_LT(best->loss, 0.8 * end.curve.front().loss);
  const auto again = score_questions(tuned->model(), tuned->sites(), dev, 2, {}, at::kCPU);
  EXPECT_NEAR(summarise(dev, again).loss, best->loss, 1e-5);
}

TEST(Tuning, KeepsTheLastStateWhenAsked) {
  const Model model = test::small_model(test::small_config(), 3, at::kFloat);
  const at::Tensor rows = test::random_tensor({3, 12}, 4).to(at::kFloat);
  const auto best = tune_prompt(model, rows, at::kCPU, {});
  const auto last = tune_prompt(model, rows, at::kCPU, {});
  TuningSettings settings = settings_of(203);
  settings.schedule.rate = 0.3;
  ASSERT_LT(tuned_end(*best, settings).best_step, 203);  // else the two could not differ
  settings.keep_last = true;
  const TuningEnd end = tuned_end(*last, settings);
  EXPECT_EQ(end.best_step, 203);
  EXPECT_EQ(end.dev.accuracy, end.curve.back().accuracy);
  const auto again = score_questions(last->model(), last->sites(), dev, 2, {}, at::kCPU);
  EXPECT_NEAR(summarise(dev, again).loss, end.curve.back().loss, 1e-5);
  EXPECT_FALSE(at::equal(last->flat(), best->flat()));
}

TEST(Tuning, AllWeightsTrainInACopy) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const Model model = test::small_model(test::small_config(), 3, dtype);
    const std::string before = hash_weights(model.config(), model.weights());
    SelfCommunicator alone;
    const auto tuned = tune_weights(model, whole_model(), alone, {});
    TuningSettings settings = settings_of(60);
    settings.schedule.rate = 0.01;
    const auto untouched = score_questions(model, {}, dev, 2, {}, at::kCPU);
    const TuningEnd end = tuned_end(*tuned, settings);
    EXPECT_NEAR(end.curve.front().loss, summarise(dev, untouched).loss, dtype == at::kFloat ? 1e-5 : 0.05);
    EXPECT_GT(end.dev.accuracy, 0.9) << dtype;
    EXPECT_EQ(hash_weights(model.config(), model.weights()), before);
  }
}

TEST(Tuning, StepsOfZeroOnlyEvaluate) {
  const Model model = test::small_model(test::small_config(), 3, at::kFloat);
  const at::Tensor rows = test::random_tensor({3, 12}, 4).to(at::kFloat);
  const auto tuned = tune_prompt(model, rows, at::kCPU, {});
  const TuningEnd end = tuned_end(*tuned, settings_of(0));
  EXPECT_EQ(end.curve.size(), 1U);
  EXPECT_TRUE(at::equal(tuned->flat().view({3, 12}), rows));
}

// Id 28 is NaN: in the dev examples it ends the run before the first step, in the training examples at its end.
TEST(Tuning, FailsWhereNothingIsFinite) {
  Weights weights = test::spread_weights(test::small_config(), 3, at::kFloat);
  weights.embedding[28].fill_(std::nan(""));
  const Model model(test::small_config(), weights);
  const std::vector<Question> healthy{{{5, 6}, {{0, 7, 3}, {0, 7, 4}}, 1, "dev.jsonl:1"}};
  const std::vector<Question> broken{{{5, 28}, {{0, 7, 3}, {0, 7, 4}}, 0, "train.jsonl:4"}};
  const auto mistake = [&](const std::vector<Question>& learnt, const std::vector<Question>& asked) -> std::string {
    const auto tuned = tune_prompt(model, test::random_tensor({3, 12}, 4).to(at::kFloat), at::kCPU, {});
    SelfCommunicator alone;
    try {
      tune(*tuned, settings_of(3), {learnt, asked, 2}, alone, at::kCPU, {});
      return "";
    } catch (const UserError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(mistake(healthy, healthy), "");
  EXPECT_NE(mistake(healthy, broken).find("train.jsonl:4: the score of answer 0 is NaN; the backbone or the prompt"),
            std::string::npos);
  EXPECT_NE(mistake(broken, healthy).find("the loss was not finite in any of 3 steps, so no update was made"),
            std::string::npos);
}

TEST(Tuning, StopsWhenAsked) {
  const Model model = test::small_model(test::small_config(), 3, at::kFloat);
  const auto tuned = tune_prompt(model, test::random_tensor({3, 12}, 4).to(at::kFloat), at::kCPU, {});
  SelfCommunicator alone;
  int asked = 0;
  TuningWatch watch;
  watch.stop = [&] { return ++asked > 7; };
  const TuningEnd end = tune(*tuned, settings_of(60), {train, dev, 2}, alone, at::kCPU, watch);
  EXPECT_FALSE(end.finished);
  EXPECT_EQ(asked, 8);
}

TEST(Tuning, TellsEveryLookAtTheDevExamples) {
  const Model model = test::small_model(test::small_config(), 3, at::kFloat);
  const auto tuned = tune_prompt(model, test::random_tensor({3, 12}, 4).to(at::kFloat), at::kCPU, {});
  SelfCommunicator alone;
  std::vector<std::int64_t> steps;
  std::int64_t kept_step = -1;
  TuningWatch watch;
  watch.evaluated = [&](const DevPoint& point, bool kept) {
    steps.push_back(point.step);
    if (kept) kept_step = point.step;
  };
  const TuningEnd end = tune(*tuned, settings_of(12), {train, dev, 2}, alone, at::kCPU, watch);
  EXPECT_EQ(steps, (std::vector<std::int64_t>{0, 5, 10, 12}));
  EXPECT_EQ(kept_step, end.best_step);
}

}  // namespace
}  // namespace prelude
