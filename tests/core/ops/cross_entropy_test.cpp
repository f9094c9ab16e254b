#include "core/ops/cross_entropy.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/ops/compare.h"

namespace prelude {
namespace {

using namespace test;

constexpr std::int64_t ignored = -100;

at::Tensor labels(const std::vector<std::int64_t>& values) { return at::tensor(values, at::kLong); }

// Sum of -log softmax by loops, in double.
double by_loops(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& wanted) {
  const at::Tensor logits = at::matmul(hidden, weight.t()).contiguous();
  double sum = 0;
  for (std::int64_t i = 0; i < logits.size(0); ++i) {
    const std::int64_t label = wanted.data_ptr<std::int64_t>()[i];
    if (label == ignored) continue;
    const double* row = logits.data_ptr<double>() + i * logits.size(1);
    double total = 0;
    for (std::int64_t v = 0; v < logits.size(1); ++v) total += std::exp(row[v] - row[label]);
    sum += std::log(total);
  }
  return sum;
}

Operator ours(const at::Tensor& wanted) {
  return [wanted](const auto& in) { return cross_entropy_sum(in[0], in[1], wanted, ignored); };
}

Operator reference(const at::Tensor& wanted) {
  return [wanted](const auto& in) {
    return at::cross_entropy_loss(at::matmul(in[0], in[1].t()), wanted, {}, at::Reduction::Sum, ignored);
  };
}

TEST(CrossEntropySum, MatchesAtenAndLoopsInFloat64) {
  const at::Tensor hidden = random_tensor({5, 7}, 1);
  const at::Tensor weight = random_tensor({13, 7}, 2);
  const at::Tensor wanted = labels({0, 12, ignored, 3, 3});
  expect_same(ours(wanted), reference(wanted), {hidden, weight}, 1, 1e-12);
  expect_same(ours(wanted), reference(wanted), {hidden, weight}, 2, 1e-12);
  EXPECT_NEAR(ours(wanted)({hidden, weight}).item<double>(), by_loops(hidden, weight, wanted), 1e-10);
}

TEST(CrossEntropySum, ManyBlocksOfRowsMakeTheSameSum) {
  const std::int64_t vocabulary = 1 << 20;  // 32 rows a block
  std::vector<std::int64_t> wanted;
  for (std::int64_t i = 0; i < 70; ++i) wanted.push_back(i % 9 == 0 ? ignored : (i * 7919) % vocabulary);
  const at::Tensor weight = at::arange(vocabulary, at::kDouble).sin().unsqueeze(1);
  expect_same(ours(labels(wanted)), reference(labels(wanted)), {random_tensor({70, 1}, 1), weight}, 2, 1e-11);
}

TEST(CrossEntropySum, HugeLogitsStayFinite) {
  const at::Tensor wanted = labels({1, 0});
  expect_same(ours(wanted), reference(wanted), {random_tensor({2, 4}, 1) * 1e4, random_tensor({6, 4}, 2)}, 2, 1e-12);
}

TEST(CrossEntropySum, NothingToCountIsZero) {
  at::Tensor hidden = random_tensor({2, 4}, 1).requires_grad_(true);
  const at::Tensor loss = cross_entropy_sum(hidden, random_tensor({6, 4}, 2), labels({ignored, ignored}), ignored);
  loss.backward();
  EXPECT_EQ(loss.item<double>(), 0.0);
  EXPECT_TRUE(hidden.grad().eq(0).all().item<bool>());
}

TEST(CrossEntropySum, SumsInFloat32ForBfloat16) {
  const at::Tensor hidden = random_tensor({200, 16}, 1).to(at::kBFloat16);
  const at::Tensor weight = random_tensor({64, 16}, 2).to(at::kBFloat16);
  const at::Tensor wanted = at::arange(200, at::kLong).remainder(64);
  const at::Tensor loss = cross_entropy_sum(hidden, weight, wanted, ignored);
  EXPECT_EQ(loss.scalar_type(), at::kFloat);
  const double exact = by_loops(hidden.to(at::kDouble), weight.to(at::kDouble), wanted);
  EXPECT_NEAR(loss.item<double>(), exact, 2e-3 * exact);  // the logits themselves are rounded to bfloat16
}

}  // namespace
}  // namespace prelude
