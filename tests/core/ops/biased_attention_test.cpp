#include "core/ops/biased_attention.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "tests/core/ops/compare.h"

namespace prelude {
namespace {

using namespace test;

const Operator ours = [](const auto& in) { return biased_attention(in[0], in[1], in[2], in[3]); };
const Operator reference = [](const auto& in) {
  const at::Tensor scores = at::matmul(in[0], in[1].transpose(2, 3));
  return at::matmul(at::softmax(in[3].defined() ? scores + in[3] : scores, -1), in[2]);
};

std::vector<at::Tensor> inputs(std::int64_t b, std::int64_t h, std::int64_t s, std::int64_t m, std::int64_t k) {
  return {random_tensor({b, h, s, k}, 1), random_tensor({b, h, m, k}, 2), random_tensor({b, h, m, k}, 3)};
}

TEST(BiasedAttention, MatchesAtenInFloat64) {
  for (const auto& [b, h, s, m, k] : std::vector<std::array<std::int64_t, 5>>{
           {2, 3, 7, 7, 5}, {1, 1, 1, 1, 1}, {2, 4, 3, 65, 8}, {1, 2, 130, 33, 16}}) {
    auto in = inputs(b, h, s, m, k);
    in.push_back(random_tensor({1, h, s, m}, 4));
    expect_same(ours, reference, in, 3, 1e-12);
  }
}

TEST(BiasedAttention, BroadcastsAPaddingMask) {
  auto in = inputs(3, 2, 5, 6, 4);
  at::Tensor mask = at::zeros({3, 1, 1, 6}, at::kDouble);
  mask.slice(0, 0, 1).slice(3, 4, 6).fill_(-1e9);
  in.push_back(mask);
  expect_same(ours, reference, in, 3, 1e-12);
}

TEST(BiasedAttention, WorksWithoutABias) {
  auto in = inputs(2, 3, 4, 9, 5);
  in.emplace_back();
  const Operator both[] = {[](const auto& x) { return biased_attention(x[0], x[1], x[2], {}); },
                           [](const auto& x) {
                             return reference({x[0], x[1], x[2], at::Tensor()});
                           }};
  in.pop_back();
  expect_same(both[0], both[1], in, 3, 1e-12);
}

TEST(BiasedAttention, IsCloseInFloat32) {
  auto in = inputs(2, 3, 100, 130, 64);
  in.push_back(random_tensor({1, 3, 100, 130}, 4));
  std::vector<at::Tensor> single;
  single.reserve(in.size());
  for (const at::Tensor& tensor : in) single.push_back(tensor.to(at::kFloat));
  const Outcome exact = run(reference, in, 3);
  const Operator upstream_fixed = ours;
  const Outcome got = run(upstream_fixed, single, 3);
  EXPECT_LE(relative_difference(got.value, exact.value), 1e-5);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_LE(relative_difference(got.gradients[i], exact.gradients[i]), 1e-4);
}

TEST(BiasedAttention, StaysFiniteWhereEveryKeyIsHidden) {
  const auto in = inputs(1, 1, 2, 3, 4);
  const at::Tensor bias = at::full({1, 1, 2, 3}, std::numeric_limits<float>::lowest(), at::kFloat);
  const at::Tensor out = biased_attention(in[0].to(at::kFloat), in[1].to(at::kFloat), in[2].to(at::kFloat), bias);
  EXPECT_TRUE(out.isfinite().all().item<bool>());
}

TEST(BiasedAttention, RefusesATrainedBias) {
  const auto in = inputs(1, 1, 2, 3, 4);
  EXPECT_THROW(biased_attention(in[0], in[1], in[2], random_tensor({1, 1, 2, 3}, 4).requires_grad_(true)),
               InternalError);
}

}  // namespace
}  // namespace prelude
