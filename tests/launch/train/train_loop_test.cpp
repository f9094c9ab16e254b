// What the loop does where losses, gradients and validations are not finite.
#include "launch/train/train_loop.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/optim/adamw.h"
#include "dist/self_communicator.h"
#include "launch/train/stop_signal.h"
#include "launch/train/summed_gradient.h"

namespace prelude {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Step {
  double loss = 1;
  float gradient = 1;
};

// Gives the losses and gradients of a list, one a step, then good ones.
class Scripted final : public LossAndGradient {
 public:
  Scripted(const at::Tensor& leaf, std::vector<Step> steps) : leaf_(leaf), steps_(std::move(steps)) {}
  at::Tensor add(const Batch& /*batch*/) override {
    const Step step = next_ < steps_.size() ? steps_[next_] : Step();
    ++next_;
    leaf_.mutable_grad().add_(step.gradient);
    return at::full({}, step.loss, at::kFloat);
  }
  void pass_idly(std::int64_t /*passes*/) override {}

 private:
  at::Tensor leaf_;
  std::vector<Step> steps_;
  std::size_t next_ = 0;
};

// What the loop said and wrote, by the step.
struct Said {
  std::vector<std::string> warnings;
  std::vector<std::int64_t> results;
  std::vector<std::int64_t> best;
  std::vector<std::int64_t> checkpoints;
};

class Listener final : public Telemetry {
 public:
  explicit Listener(Said& said) : said_(said) {}
  void warning(const std::string& text) override { said_.warnings.push_back(text); }

 private:
  Said& said_;
};

class NotFiniteLoop : public testing::Test {
 protected:
  // Runs `total` steps; the error's text, or nothing. `validations`: one a validation, then good ones.
  std::string run(std::int64_t total, std::vector<Step> steps, std::vector<ValidationResult> validations = {}) {
    at::Tensor leaf = at::ones({3}, at::kFloat).requires_grad_(true);
    SelfCommunicator self;
    const Mesh mesh = make_mesh(self, {});
    AdamW optimizer(leaf);
    StepSums sums(gradient_of_leaf(leaf), mesh, Reduction::fast, 1);
    Scripted scripted(leaf, std::move(steps));
    Listener listener(said_);
    std::size_t validation = 0;
    const auto validate = [&] {
      if (validation < validations.size()) return validations[validation++];
      return ValidationResult{1.0, 0.5, 4, {}};
    };
    Batch batch;
    batch.label_tokens = 1;
    TrainSettings settings;
    settings.steps = total;
    settings.schedule = {ScheduleKind::constant, 0.1, 0, total};
    settings.evaluate_every = 4;
    settings.global_batch = 6;
    TrainLoop loop(
        {scripted, optimizer,
         [&] {
           return StepBatches{{batch}, 0, 0};
         },
         sums, validate, listener, [&](const TrainState& now) { said_.checkpoints.push_back(now.step); }, [] {},
         [&](const TrainState& now, bool best) { (best ? said_.best : said_.results).push_back(now.step); }},
        settings, TrainState());
    const StopSignal signal;
    try {
      loop.run(signal);
      return "";
    } catch (const UserError& error) {
      return error.what();
    }
  }

  static void expect_says(const std::string& text, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) EXPECT_NE(text.find(part), std::string::npos) << text << "\nhas no " << part;
  }

  Said said_;
};

const Step bad_loss{nan, 1};
const Step bad_gradient{1, std::numeric_limits<float>::infinity()};

TEST_F(NotFiniteLoop, SkipsAnUpdateAndGoesOn) {
  EXPECT_EQ(run(6, {{}, bad_loss, bad_gradient}), "");
  ASSERT_EQ(said_.warnings.size(), 2U);
  expect_says(said_.warnings[0],
              {"step 2: loss or gradient is not finite, update skipped (samples 6 to 11; 1 so far)"});
  EXPECT_EQ(said_.results, (std::vector<std::int64_t>{0, 4, 6, 6}));
}

// Also where the run has fewer steps than may be skipped in a row, and nothing but the first prompt is left behind.
TEST_F(NotFiniteLoop, WithoutASingleUpdateARunFails) {
  for (const std::int64_t total : {1, 3, 9}) {
    said_ = Said();
    expect_says(run(total, std::vector<Step>(9, bad_loss)),
                {fmt::format("the loss was not finite in any of {} steps, so no update was made", total),
                 "`prelude inspect --verify`", "--dtype float32"});
    for (const std::int64_t step : said_.results) EXPECT_EQ(step, 0);
    for (const std::int64_t step : said_.checkpoints) EXPECT_LT(step, total);
  }
}

TEST_F(NotFiniteLoop, GradientsThatOverflowAreToldFromLosses) {
  const std::string text = run(3, std::vector<Step>(3, bad_gradient));
  expect_says(text, {"the gradient was not finite in any of 3 steps", "--dtype float32"});
  EXPECT_EQ(text.find("--learning-rate"), std::string::npos) << text;
}

TEST_F(NotFiniteLoop, TenInARowFromTheStartAreNoMatterOfTheRate) {
  const std::string text = run(100, std::vector<Step>(100, bad_loss));
  expect_says(text, {"the loss was not finite in any of 10 steps"});
  EXPECT_EQ(text.find("--learning-rate"), std::string::npos) << text;
}

TEST_F(NotFiniteLoop, TenInARowAfterGoodStepsAre) {
  std::vector<Step> steps(30, bad_loss);
  steps[0] = Step();
  expect_says(run(100, steps), {"was not finite in 10 steps in a row, up to step 11", "lower --learning-rate"});
}

TEST_F(NotFiniteLoop, AValidationBeforeTheFirstStepBlamesTheModel) {
  const std::string text = run(4, {}, {{nan, 0.5, 4, 17}});
  expect_says(text, {"step 0: the loss of held-out example 17 is not finite", "`prelude inspect --verify`"});
  EXPECT_EQ(text.find("--learning-rate"), std::string::npos) << text;
  EXPECT_TRUE(said_.results.empty());
  EXPECT_TRUE(said_.best.empty());
}

TEST_F(NotFiniteLoop, AValidationAfterUpdatesBlamesTheTraining) {
  expect_says(run(8, {}, {{1.0, 0.5, 4, {}}, {nan, 0.5, 4, 3}}),
              {"step 4: the loss of held-out example 3 is not finite", "lower --learning-rate"});
  EXPECT_EQ(said_.best, (std::vector<std::int64_t>{0}));
}

// A validation in between: what it would write is the first prompt under a later step's name.
TEST_F(NotFiniteLoop, UntrainedIsNotWrittenAsTheResultOfLaterSteps) {
  std::vector<Step> steps(5, bad_loss);
  EXPECT_EQ(run(8, steps), "");
  EXPECT_EQ(said_.results, (std::vector<std::int64_t>{0, 8, 8}));
}

}  // namespace
}  // namespace prelude
