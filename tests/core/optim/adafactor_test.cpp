#include "core/optim/adafactor.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/error.h"
#include "tests/core/random_tensor.h"

namespace prelude {
namespace {

using test::random_tensor;
using test::relative_difference;

at::Tensor tensor_of(const nlohmann::json& numbers, at::ScalarType dtype) {
  return at::tensor(numbers.get<std::vector<double>>(), at::TensorOptions().dtype(at::kDouble)).to(dtype);
}

// Made by scripts/make-optimizer-goldens with transformers' Adafactor in float64.
nlohmann::json golden() {
  std::ifstream file(PRELUDE_SOURCE_DIR "/tests/data/optim/adafactor.json");
  return nlohmann::json::parse(file);
}

std::vector<NamedShape> parts_of(const nlohmann::json& golden) {
  std::vector<NamedShape> parts;
  for (const auto& part : golden["parts"]) parts.push_back({part[0], part[1]});
  return parts;
}

AdafactorOptions options_of(const nlohmann::json& json) {
  AdafactorOptions options;
  options.decay_rate = json["decay_rate"];
  options.epsilon1 = json["eps"][0];
  options.epsilon2 = json["eps"][1];
  options.clip_threshold = json["clip_threshold"];
  if (!json["beta1"].is_null()) options.beta1 = json["beta1"].get<double>();
  options.weight_decay = json["weight_decay"];
  options.scale_parameter = json["scale_parameter"];
  options.relative_step = json["relative_step"];
  options.warmup_init = json["warmup_init"];
  return options;
}

class AdafactorGolden : public testing::TestWithParam<at::ScalarType> {};

TEST_P(AdafactorGolden, MakesTheUpdatesOfTransformers) {
  const at::ScalarType dtype = GetParam();
  const double tolerance = dtype == at::kDouble ? 1e-12 : 1e-5;
  const nlohmann::json json = golden();
  for (const auto& example : json["cases"]) {
    SCOPED_TRACE(example["options"].dump());
    at::Tensor parameter = tensor_of(json["start"], dtype).requires_grad_();
    Adafactor optimizer(parameter, parts_of(json), options_of(example["options"]));
    for (std::size_t step = 0; step < json["gradients"].size(); ++step) {
      optimizer.step(tensor_of(json["gradients"][step], dtype), json["rates"][step]);
    }
    // Part by part: the largest number of a part does not hide the others'.
    const at::Tensor expected = tensor_of(example["parameter"], at::kDouble);
    std::int64_t begin = 0;
    for (const NamedShape& part : parts_of(json)) {
      const std::int64_t size = c10::multiply_integers(part.shape);
      EXPECT_LE(relative_difference(parameter.narrow(0, begin, size), expected.narrow(0, begin, size)), tolerance)
          << part.name;
      begin += size;
    }
    EXPECT_EQ(optimizer.state().size(), example["state"].size());
    for (const NamedTensor& one : optimizer.state()) {
      const at::Tensor state = tensor_of(example["state"].at(one.name), at::kDouble);
      EXPECT_LE(relative_difference(one.value.flatten(), state), tolerance) << one.name;
    }
    EXPECT_TRUE(parameter.requires_grad());
    EXPECT_TRUE(parameter.is_leaf());
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, AdafactorGolden, testing::Values(at::kFloat, at::kDouble));

// T5X' rule, one number at a time in float64: decay 1 - (i+1)^-0.8 for i = 0, 1, ..., nothing factored below the least
// dimension, sizes and clipping as its apply_param_gradient has them.
class T5x {
 public:
  T5x(std::vector<double> start, std::size_t rows, std::size_t columns, std::size_t least)
      : parameter(std::move(start)),
        rows_(rows),
        columns_(columns),
        factored_(std::min(rows, columns) >= least),
        row_(rows),
        column_(columns),
        full_(rows * columns) {}

  void step(const std::vector<double>& g, double rate, int i) {
    const double decay = 1 - std::pow(i + 1.0, -0.8);
    const double scale = std::max(1e-3, rms(parameter));
    std::vector<double> y = factored_ ? factored_step(g, decay) : full_step(g, decay);
    const double clip = std::max(1.0, rms(y));
    for (std::size_t k = 0; k < y.size(); ++k) parameter[k] -= rate * scale * y[k] / clip;
  }

  std::vector<double> parameter;  // [rows,columns]

 private:
  static double rms(const std::vector<double>& x) {
    double sum = 0;
    for (const double v : x) sum += v * v;
    return std::sqrt(sum / static_cast<double>(x.size()));
  }

  std::vector<double> full_step(const std::vector<double>& g, double decay) {
    std::vector<double> y(g.size());
    for (std::size_t k = 0; k < g.size(); ++k) {
      full_[k] = decay * full_[k] + (1 - decay) * (g[k] * g[k] + 1e-30);
      y[k] = g[k] / std::sqrt(full_[k]);
    }
    return y;
  }

  std::vector<double> factored_step(const std::vector<double>& g, double decay) {
    std::vector<double> row_mean(rows_);
    std::vector<double> column_mean(columns_);
    for (std::size_t k = 0; k < g.size(); ++k) {
      row_mean[k / columns_] += (g[k] * g[k] + 1e-30) / static_cast<double>(columns_);
      column_mean[k % columns_] += (g[k] * g[k] + 1e-30) / static_cast<double>(rows_);
    }
    double mean = 0;
    for (std::size_t r = 0; r < rows_; ++r) {
      row_[r] = decay * row_[r] + (1 - decay) * row_mean[r];
      mean += row_[r] / static_cast<double>(rows_);
    }
    for (std::size_t c = 0; c < columns_; ++c) column_[c] = decay * column_[c] + (1 - decay) * column_mean[c];
    std::vector<double> y(g.size());
    for (std::size_t k = 0; k < g.size(); ++k) {
      y[k] = g[k] / std::sqrt(row_[k / columns_] / mean) / std::sqrt(column_[k % columns_]);
    }
    return y;
  }

  std::size_t rows_;
  std::size_t columns_;
  bool factored_;
  std::vector<double> row_;
  std::vector<double> column_;
  std::vector<double> full_;
};

std::vector<double> numbers_of(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<double>(), tensor.const_data_ptr<double>() + tensor.numel()};
}

TEST(Adafactor, FollowsT5xWithItsLeastDimension) {
  constexpr std::int64_t small = 45;
  constexpr std::int64_t large = 56;
  at::Tensor parameter = random_tensor({small + large}, 1);
  AdafactorOptions options;
  options.min_dim_size_to_factor = 6;
  Adafactor optimizer(parameter, {{"small", {5, 9}}, {"large", {8, 7}}}, options);
  T5x unfactored(numbers_of(parameter.narrow(0, 0, small)), 5, 9, 6);
  T5x factored(numbers_of(parameter.narrow(0, small, large)), 8, 7, 6);
  for (int i = 0; i < 12; ++i) {
    const at::Tensor gradient = random_tensor({small + large}, static_cast<std::uint64_t>(i) + 2);
    const double rate = 0.1 / (1 + i);
    optimizer.step(gradient, rate);
    unfactored.step(numbers_of(gradient.narrow(0, 0, small)), rate, i);
    factored.step(numbers_of(gradient.narrow(0, small, large)), rate, i);
  }
  EXPECT_LE(relative_difference(parameter.narrow(0, 0, small), at::tensor(unfactored.parameter, at::kDouble)), 1e-12);
  EXPECT_LE(relative_difference(parameter.narrow(0, small, large), at::tensor(factored.parameter, at::kDouble)), 1e-12);
  EXPECT_EQ(optimizer.state().size(), 3U);
}

const std::vector<NamedShape>& parts() {
  static const std::vector<NamedShape> parts{{"embedding", {11, 6}}, {"norm", {6}}, {"linear", {6, 4}}};
  return parts;
}
constexpr std::int64_t elements = 11 * 6 + 6 + 6 * 4;

AdafactorOptions with_average() {
  AdafactorOptions options;
  options.beta1 = 0.9;
  return options;
}

TEST(Adafactor, ContinuesBitForBitFromItsState) {
  at::Tensor whole = random_tensor({elements}, 1).to(at::kFloat);
  at::Tensor first = whole.clone();
  Adafactor one(whole, parts(), with_average());
  Adafactor before(first, parts(), with_average());
  const auto gradient = [](std::uint64_t step) { return random_tensor({elements}, 10 + step).to(at::kFloat); };
  for (std::uint64_t step = 0; step < 9; ++step) one.step(gradient(step), 0.1);
  for (std::uint64_t step = 0; step < 4; ++step) before.step(gradient(step), 0.1);

  at::Tensor second = first.clone();
  Adafactor after(second, parts(), with_average());
  after.set_state(before.state(), before.steps());
  for (std::uint64_t step = 4; step < 9; ++step) after.step(gradient(step), 0.1);
  EXPECT_TRUE(at::equal(second, whole));
  EXPECT_EQ(after.steps(), 9);
  for (std::size_t i = 0; i < one.state().size(); ++i) {
    EXPECT_TRUE(at::equal(after.state()[i].value, one.state()[i].value)) << one.state()[i].name;
  }
}

// Of three such parts two are updated together and the third, which would be too much, on its own.
TEST(Adafactor, PartsTogetherAreUpdatedAsEachAlone) {
  constexpr std::int64_t part = std::int64_t{1024} * 1536;
  const std::vector<std::int64_t> shape{1024, 1536};
  at::Tensor all = random_tensor({3 * part}, 1).to(at::kFloat);
  std::vector<at::Tensor> each;
  for (const at::Tensor& one : all.chunk(3)) each.push_back(one.clone());
  Adafactor together(all, {{"a", shape}, {"b", shape}, {"c", shape}});
  for (std::uint64_t step = 0; step < 2; ++step) {
    at::Tensor gradient = random_tensor({3 * part}, 10 + step).to(at::kFloat);
    gradient.narrow(0, part, part).mul_(100);  // parts of different sizes: none may see another's
    together.step(gradient, 0.1);
  }
  for (std::int64_t i = 0; i < 3; ++i) {
    at::Tensor& own = each[static_cast<std::size_t>(i)];
    Adafactor alone(own, {{"own", shape}});
    for (std::uint64_t step = 0; step < 2; ++step) {
      at::Tensor gradient = random_tensor({3 * part}, 10 + step).to(at::kFloat);
      gradient.narrow(0, part, part).mul_(100);
      alone.step(gradient.narrow(0, i * part, part), 0.1);
    }
    EXPECT_LE((all.narrow(0, i * part, part) - own).abs().max().item<double>(), 1e-5) << i;
  }
}

TEST(Adafactor, HoldsRowsAndColumnsOfMatrices) {
  const Adafactor optimizer(at::zeros({elements}), parts());
  std::int64_t held = 0;
  for (const NamedTensor& one : optimizer.state()) held += one.value.numel();
  EXPECT_EQ(held, (11 + 6) + 6 + (6 + 4));
}

TEST(Adafactor, RowsAndColumnsWithoutAGradientStayFinite) {
  at::Tensor parameter = random_tensor({elements}, 1).to(at::kFloat);
  const at::Tensor start = parameter.clone();
  Adafactor optimizer(parameter, parts());
  at::Tensor gradient = at::zeros({elements});
  optimizer.step(gradient, 0.1);
  EXPECT_TRUE(at::equal(parameter, start));
  gradient[0] = 1e12;  // row 0 and column 0 alone
  optimizer.step(gradient, 0.1);
  EXPECT_TRUE(at::isfinite(parameter).all().item<bool>());
  EXPECT_TRUE(at::equal(parameter.narrow(0, 7, 5), start.narrow(0, 7, 5)));
}

TEST(Adafactor, RefusesTheStateOfAnother) {
  at::Tensor parameter = random_tensor({elements}, 1).to(at::kFloat);
  Adafactor optimizer(parameter, parts());
  optimizer.step(parameter.clone(), 0.1);
  const std::vector<NamedTensor> good = optimizer.state();
  const auto refused = [&](const std::vector<NamedTensor>& state, std::int64_t steps = 3) {
    EXPECT_THROW(optimizer.set_state(state, steps), UserError);
    EXPECT_EQ(optimizer.steps(), 1);
  };
  refused({});
  refused(good, -1);
  refused(Adafactor(parameter, parts(), with_average()).state());
  auto renamed = good;
  renamed[1].name = "embedding.exp_avg_sq";
  refused(renamed);
  auto reshaped = good;
  reshaped.back().value = at::zeros({5});
  refused(reshaped);
  auto whole_numbers = good;
  whole_numbers[0].value = at::zeros({11}, at::kLong);
  refused(whole_numbers);
  auto shuffled = good;
  std::swap(shuffled[0], shuffled[2]);
  optimizer.set_state(shuffled, 3);
  EXPECT_EQ(optimizer.steps(), 3);
}

TEST(Adafactor, RefusesPartsThatAreNotTheLeaf) {
  EXPECT_THROW(Adafactor(at::zeros({elements + 1}), parts()), InternalError);
  EXPECT_THROW(Adafactor(at::zeros({elements - 1}), parts()), InternalError);
  EXPECT_THROW(Adafactor(at::zeros({5}), {{"some", {5}}, {"none", {0, 3}}}), InternalError);
  Adafactor optimizer(at::zeros({elements}), parts());
  EXPECT_THROW(optimizer.step(at::zeros({elements - 1}), 0.1), InternalError);
}

}  // namespace
}  // namespace prelude
