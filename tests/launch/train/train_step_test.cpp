// The step against an explicit loop in float64: one example at a time, gradients added up by hand, and AdamW spelt out
// number by number.
#include "launch/train/train_step.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/delta/soft_prompt.h"
#include "core/optim/adamw.h"
#include "core/t5/initialise.h"
#include "dist/self_communicator.h"

namespace prelude {
namespace {

using Ids = std::vector<std::int32_t>;

T5Config small_config() {
  T5Config config;
  config.vocab_size = 61;
  config.d_model = 12;
  config.d_kv = 5;
  config.d_ff = 20;
  config.num_layers = 2;
  config.num_decoder_layers = 2;
  config.num_heads = 3;
  return config;
}

struct Examples {
  std::vector<Ids> sources;
  std::vector<Ids> targets;
};

Examples some_examples(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  const auto ids = [&](std::size_t size, Ids start) {
    while (start.size() < size) start.push_back(static_cast<std::int32_t>(3 + generator() % 58));
    return start;
  };
  Examples examples;
  for (std::size_t i = 0; i < count; ++i) {
    examples.sources.push_back(ids(1 + generator() % 9, {}));
    examples.targets.push_back(ids(2 + generator() % 3, {0}));
  }
  return examples;
}

std::vector<Batch> batches_of(const Examples& examples, const std::vector<std::size_t>& sizes) {
  std::vector<Batch> batches;
  std::size_t first = 0;
  for (const auto size : sizes) {
    batches.push_back(make_batch(std::span(examples.sources).subspan(first, size),
                                 std::span(examples.targets).subspan(first, size), 0, at::Device(at::kCPU)));
    first += size;
  }
  EXPECT_EQ(first, examples.sources.size());
  return batches;
}

class TrainStep : public ::testing::Test {
 protected:
  at::Tensor first_rows() const {
    return at::linspace(-1.5, 2.0, std::int64_t{4} * 12, at::kDouble).sin().reshape({4, 12});  // [P,D]
  }
  Model model_{small_config(), initialise_weights(small_config(), 3, at::Device(at::kCPU), at::kDouble)};
  AdamWOptions adamw_{0.8, 0.95, 1e-6, 0.1};
  SelfCommunicator self_;
  Mesh mesh_ = make_mesh(self_, {});
};

// What the step must make of `rows`, over several steps.
class Oracle {
 public:
  Oracle(const Model& model, const at::Tensor& rows, AdamWOptions options)
      : model_(model), rows_(rows.clone()), options_(options), m_(static_cast<std::size_t>(rows.numel())), v_(m_) {}

  StepResult step(const Examples& examples, double clip, double rate) {
    std::vector<double> gradient(m_.size());
    double loss = 0;
    double tokens = 0;
    for (std::size_t i = 0; i < examples.sources.size(); ++i) {
      const SoftPrompt prompt(rows_, at::Device(at::kCPU));
      const auto batch = make_batch(std::span(examples.sources).subspan(i, 1),
                                    std::span(examples.targets).subspan(i, 1), 0, at::Device(at::kCPU));
      const auto sum = model_.loss_sum(batch, DeltaSites(prompt));
      sum.backward();
      loss += sum.item<double>();
      tokens += static_cast<double>(examples.targets[i].size() - 1);
      const double* one = prompt.trainable().flat().grad().const_data_ptr<double>();
      for (std::size_t k = 0; k < gradient.size(); ++k) gradient[k] += one[k];
    }
    double square = 0;
    for (auto& g : gradient) square += std::pow(g /= tokens, 2);
    const double norm = std::sqrt(square);
    ++steps_;
    double* row = rows_.mutable_data_ptr<double>();
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      const double g = gradient[k] * std::min(1.0, clip / (norm + 1e-6));
      m_[k] = options_.beta1 * m_[k] + (1 - options_.beta1) * g;
      v_[k] = options_.beta2 * v_[k] + (1 - options_.beta2) * g * g;
      const double m_hat = m_[k] / (1 - std::pow(options_.beta1, steps_));
      const double v_hat = v_[k] / (1 - std::pow(options_.beta2, steps_));
      row[k] -= rate * options_.weight_decay * row[k];
      row[k] -= rate * m_hat / (std::sqrt(v_hat) + options_.epsilon);
    }
    return {loss / tokens, norm, 0, false};
  }
  const at::Tensor& rows() const { return rows_; }

 private:
  const Model& model_;
  at::Tensor rows_;
  AdamWOptions options_;
  std::vector<double> m_;
  std::vector<double> v_;
  int steps_ = 0;
};

StepResult one_step(const Model& model, const SoftPrompt& prompt, StepSums& sums, AdamW& optimizer,
                    const std::vector<Batch>& batches, double clip, double rate) {
  EagerLossAndGradient micro_batch(model, prompt);
  return train_step(micro_batch, sums, optimizer, batches, clip, rate);
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST_F(TrainStep, IsTheExplicitLoop) {
  SoftPrompt prompt(first_rows(), at::Device(at::kCPU));
  AdamW optimizer(prompt.trainable().flat(), adamw_);
  StepSums sums(gradient_of_leaf(prompt.trainable().flat()), mesh_, Reduction::fast, 5);
  Oracle oracle(model_, first_rows(), adamw_);
  const std::vector<std::vector<std::size_t>> cuts{{7}, {3, 3, 1}, {1, 1, 5}, {2, 5}};
  for (unsigned step = 0; step < cuts.size(); ++step) {
    const auto examples = some_examples(7, step);
    const double rate = 0.3 / (step + 1);
    const double clip = step % 2 == 0 ? 1e-3 : 100;  // one that cuts, one that does not
    const auto result = one_step(model_, prompt, sums, optimizer, batches_of(examples, cuts[step]), clip, rate);
    const auto expected = oracle.step(examples, clip, rate);
    EXPECT_NEAR(result.loss, expected.loss, 1e-11) << step;
    EXPECT_NEAR(result.grad_norm, expected.grad_norm, 1e-11) << step;
    EXPECT_LT(largest_difference(prompt.rows().detach(), oracle.rows()), 1e-9) << step;
  }
  EXPECT_EQ(optimizer.steps(), 4);
  EXPECT_GT(largest_difference(prompt.rows().detach(), first_rows()), 0.1);
}

TEST_F(TrainStep, InFloat32MicroBatchesMakeTheSameUpdateUpToRounding) {
  const Model model(small_config(), initialise_weights(small_config(), 3, at::Device(at::kCPU), at::kFloat));
  const auto examples = some_examples(9, 11);
  std::vector<at::Tensor> gradients;
  for (const std::vector<std::size_t>& cut : {std::vector<std::size_t>{9}, {4, 5}, {1, 6, 2}}) {
    SoftPrompt prompt(first_rows().to(at::kFloat), at::Device(at::kCPU));
    AdamW optimizer(prompt.trainable().flat(), adamw_);
    StepSums sums(gradient_of_leaf(prompt.trainable().flat()), mesh_, Reduction::fast, 5);
    one_step(model, prompt, sums, optimizer, batches_of(examples, cut), 100, 0.1);
    gradients.push_back(sums.gradient().clone());
  }
  for (const auto& gradient : gradients) {
    EXPECT_LT(largest_difference(gradient, gradients[0]), 1e-5 * gradients[0].abs().max().item<double>());
  }
}

TEST_F(TrainStep, TheGradientIsTheBufferItself) {
  SoftPrompt prompt(first_rows(), at::Device(at::kCPU));
  AdamW optimizer(prompt.trainable().flat(), adamw_);
  StepSums sums(gradient_of_leaf(prompt.trainable().flat()), mesh_, Reduction::fast, 5);
  const void* buffer = sums.gradient().const_data_ptr();
  one_step(model_, prompt, sums, optimizer, batches_of(some_examples(4, 1), {2, 2}), 1, 0.1);
  EXPECT_EQ(prompt.trainable().flat().grad().const_data_ptr(), buffer);
}

TEST_F(TrainStep, WhatIsNotFiniteChangesNothingAndIsGoneAtTheNextStep) {
  SoftPrompt prompt(first_rows(), at::Device(at::kCPU));
  AdamW optimizer(prompt.trainable().flat(), adamw_);
  StepSums sums(gradient_of_leaf(prompt.trainable().flat()), mesh_, Reduction::fast, 5);
  auto weights = initialise_weights(small_config(), 3, at::Device(at::kCPU), at::kDouble);
  weights.encoder.final_norm = weights.encoder.final_norm.clone().fill_(std::numeric_limits<double>::infinity());
  const Model broken(small_config(), weights);
  const auto batches = batches_of(some_examples(4, 1), {3, 1});
  const auto result = one_step(broken, prompt, sums, optimizer, batches, 1, 0.1);
  EXPECT_FALSE(result.finite());
  EXPECT_EQ(optimizer.steps(), 0);
  EXPECT_TRUE(at::equal(prompt.rows().detach(), first_rows()));

  Oracle oracle(model_, first_rows(), adamw_);
  EXPECT_TRUE(one_step(model_, prompt, sums, optimizer, batches, 1, 0.1).finite());
  oracle.step(some_examples(4, 1), 1, 0.1);
  EXPECT_LT(largest_difference(prompt.rows().detach(), oracle.rows()), 1e-9);
}

}  // namespace
}  // namespace prelude
