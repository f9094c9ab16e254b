#include "core/optim/adamw.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/error.h"

namespace prelude {
namespace {

using Numbers = std::vector<double>;

at::Tensor tensor_of(const Numbers& values, at::ScalarType dtype) {
  return at::tensor(values, at::TensorOptions().dtype(at::kDouble)).to(dtype);
}

// Made by scripts/make-state-goldens with torch.optim.AdamW.
nlohmann::json golden() {
  std::ifstream file(PRELUDE_SOURCE_DIR "/tests/data/optim/adamw.json");
  return nlohmann::json::parse(file);
}

AdamWOptions options_of(const nlohmann::json& json) {
  return {json["beta1"], json["beta2"], json["epsilon"], json["weight_decay"]};
}

void expect_close(const at::Tensor& actual, const Numbers& expected, double tolerance) {
  const at::Tensor wide = actual.detach().to(at::kDouble);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double value = wide[static_cast<std::int64_t>(i)].item<double>();
    EXPECT_NEAR(value, expected[i], tolerance * std::max(std::abs(expected[i]), 1e-30)) << "element " << i;
  }
}

class AdamWGolden : public testing::TestWithParam<at::ScalarType> {};

TEST_P(AdamWGolden, MakesTheUpdatesOfTorch) {
  const at::ScalarType dtype = GetParam();
  const bool wide = dtype == at::kDouble;
  const double tolerance = wide ? 1e-12 : 2e-5;
  const nlohmann::json json = golden();
  for (const auto& example : json["cases"]) {
    at::Tensor parameter = tensor_of(json["start"], dtype).requires_grad_();
    AdamW optimiser(parameter, options_of(example));
    for (std::size_t step = 0; step < json["gradients"].size(); ++step) {
      optimiser.step(tensor_of(json["gradients"][step], dtype), json["rates"][step]);
    }
    const auto& result = example["result"][wide ? "float64" : "float32"];
    expect_close(parameter, result["parameter"], tolerance);
    expect_close(optimiser.exp_avg(), result["exp_avg"], tolerance);
    expect_close(optimiser.exp_avg_sq(), result["exp_avg_sq"], tolerance);
    EXPECT_EQ(optimiser.steps(), static_cast<std::int64_t>(json["gradients"].size()));
    EXPECT_TRUE(parameter.requires_grad());
    EXPECT_TRUE(parameter.is_leaf());
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, AdamWGolden, testing::Values(at::kFloat, at::kDouble));

// The algorithm of the paper, one scalar at a time.
TEST(AdamW, FollowsThePaperForOneScalar) {
  const AdamWOptions options{0.7, 0.9, 1e-3, 0.2};
  at::Tensor parameter = at::full({1}, 2.0, at::kDouble);
  AdamW optimiser(parameter, options);
  double theta = 2.0;
  double m = 0;
  double v = 0;
  for (int t = 1; t <= 10; ++t) {
    const double g = 0.3 * t - 1;
    const double rate = 0.05 * t;
    m = 0.7 * m + 0.3 * g;
    v = 0.9 * v + 0.1 * g * g;
    const double m_hat = m / (1 - std::pow(0.7, t));
    const double v_hat = v / (1 - std::pow(0.9, t));
    theta = theta - rate * m_hat / (std::sqrt(v_hat) + 1e-3) - rate * 0.2 * theta;
    optimiser.step(at::full({1}, g, at::kDouble), rate);
    ASSERT_NEAR(parameter.item<double>(), theta, 1e-12) << "step " << t;
  }
}

TEST(AdamW, ContinuesBitForBitFromItsState) {
  at::manual_seed(3);
  const at::Tensor start = at::randn({50});
  at::Tensor whole = start.clone();
  at::Tensor first = start.clone();
  AdamW one(whole);
  AdamW before(first);
  std::vector<at::Tensor> gradients;
  gradients.reserve(9);
  for (int step = 0; step < 9; ++step) gradients.push_back(at::randn({50}));
  for (const at::Tensor& gradient : gradients) one.step(gradient, 0.1);
  for (std::size_t step = 0; step < 4; ++step) before.step(gradients[step], 0.1);

  at::Tensor second = first.clone();
  AdamW after(second);
  after.set_state(before.exp_avg().clone(), before.exp_avg_sq().clone(), before.steps());
  for (std::size_t step = 4; step < 9; ++step) after.step(gradients[step], 0.1);
  EXPECT_TRUE(at::equal(second, whole));
  EXPECT_TRUE(at::equal(after.exp_avg(), one.exp_avg()));
  EXPECT_EQ(after.steps(), one.steps());
}

TEST(AdamW, TakesItsNamedStateAndNoOther) {
  at::Tensor parameter = at::ones({3});
  AdamW optimiser(parameter);
  optimiser.step(at::full({3}, 2.0), 0.1);
  AdamW other(at::ones({3}));
  other.set_state(optimiser.state(), 1);
  EXPECT_TRUE(at::equal(other.exp_avg(), optimiser.exp_avg()));
  EXPECT_TRUE(at::equal(other.exp_avg_sq(), optimiser.exp_avg_sq()));
  EXPECT_EQ(other.steps(), 1);
  EXPECT_THROW(other.set_state({{"exp_avg", at::zeros({3})}}, 1), UserError);
  EXPECT_THROW(other.set_state({{"exp_avg", at::zeros({3})}, {"exp_avg_sq", at::zeros({4})}}, 1), UserError);
  EXPECT_THROW(other.set_state({{"exp_avg", at::zeros({3})}, {"second", at::zeros({3})}}, 1), UserError);
  EXPECT_TRUE(at::equal(other.exp_avg(), optimiser.exp_avg()));
}

TEST(AdamW, RateZeroChangesTheMomentsOnly) {
  at::Tensor parameter = at::ones({3});
  AdamW optimiser(parameter);
  optimiser.step(at::full({3}, 2.0), 0.0);
  EXPECT_TRUE(at::equal(parameter, at::ones({3})));
  EXPECT_NEAR(optimiser.exp_avg()[0].item<double>(), 0.2, 1e-7);
}

TEST(AdamW, RefusesAGradientOfAnotherSize) {
  AdamW optimiser(at::zeros({3}));
  EXPECT_THROW(optimiser.step(at::zeros({4}), 0.1), InternalError);
  EXPECT_THROW(optimiser.set_state(at::zeros({4}), at::zeros({3}), 0), InternalError);
}

}  // namespace
}  // namespace prelude
