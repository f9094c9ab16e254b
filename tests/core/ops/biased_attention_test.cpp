#include "core/ops/biased_attention.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "core/error.h"
#include "tests/core/ops/compare.h"

namespace prelude {
namespace {

using namespace test;

struct Sizes {
  std::int64_t batch, heads, queries, keys, width;
};

// [B,S,H*K] -> [B,H,S,K].
at::Tensor heads_first(const at::Tensor& x, std::int64_t heads) { return x.unflatten(2, {heads, -1}).transpose(1, 2); }

// What AttentionBias says, as a matrix [B,H,S,M], entry by entry; hidden keys are -infinity.
at::Tensor written_out(const AttentionBias& bias, const Sizes& n) {
  at::Tensor matrix = at::zeros({n.batch, n.heads, n.queries, n.keys}, at::kDouble);
  const at::Tensor table = bias.by_distance.defined() ? bias.by_distance.to(at::kDouble).contiguous() : at::Tensor();
  const std::int64_t first = n.keys - bias.positions;
  double* entry = matrix.data_ptr<double>();
  for (std::int64_t b = 0; b < n.batch; ++b) {
    for (std::int64_t h = 0; h < n.heads; ++h) {
      for (std::int64_t i = 0; i < n.queries; ++i) {
        for (std::int64_t j = 0; j < n.keys; ++j, ++entry) {
          const std::int64_t position = j - first;
          if (position < 0) continue;
          if (table.defined()) {
            *entry = table.data_ptr<double>()[h * (2 * bias.positions - 1) + bias.positions - 1 + position - i];
          }
          const bool late = bias.causal && position > i;
          const bool padding = bias.key_lengths.defined() && position >= bias.key_lengths.data_ptr<std::int64_t>()[b];
          if (late || padding) *entry = -std::numeric_limits<double>::infinity();
        }
      }
    }
  }
  return matrix;
}

// softmax(q k^T + bias) v by ATen's plain operators.
Operator reference(const Sizes& n, const AttentionBias& bias) {
  const at::Tensor matrix = written_out(bias, n);
  return [n, matrix](const auto& in) {
    const at::Tensor scores =
        at::matmul(heads_first(in[0], n.heads), heads_first(in[1], n.heads).transpose(2, 3)) + matrix;
    return at::matmul(at::softmax(scores, -1), heads_first(in[2], n.heads)).transpose(1, 2).flatten(2);
  };
}

Operator ours(const Sizes& n, const AttentionBias& bias) {
  return [n, bias](const auto& in) { return biased_attention(in[0], in[1], in[2], n.heads, bias); };
}

std::vector<at::Tensor> inputs(const Sizes& n) {
  const std::int64_t inner = n.heads * n.width;
  return {random_tensor({n.batch, n.queries, inner}, 1), random_tensor({n.batch, n.keys, inner}, 2),
          random_tensor({n.batch, n.keys, inner}, 3)};
}

AttentionBias by_distance(const Sizes& n, bool causal) {
  const at::Tensor table = random_tensor({n.heads, 2 * n.queries - 1}, 4).to(at::kFloat);
  return {n.queries, table, causal, {}, {}, {}};
}

// For tensors that LibTorch's fused attention takes.
AttentionBias dense(AttentionBias bias, const Sizes& n) {
  bias.dense = written_out(bias, n).narrow(3, n.keys - bias.positions, bias.positions);
  return bias;
}

void expect_both(const Sizes& n, const AttentionBias& bias) {
  SCOPED_TRACE(fmt::format("{} x {} heads, {} queries, {} keys, width {}, causal {}", n.batch, n.heads, n.queries,
                           n.keys, n.width, bias.causal));
  expect_close_in_float32(ours(n, bias), reference(n, bias), inputs(n), 3, 1e-5);
  expect_same(ours(n, dense(bias, n)), reference(n, bias), inputs(n), 3, 1e-12);
}

TEST(BiasedAttention, MatchesAtenOverOddSizes) {
  for (const Sizes& n : std::vector<Sizes>{{2, 3, 7, 7, 5},
                                           {1, 1, 1, 1, 1},
                                           {1, 2, 59, 59, 16},
                                           {1, 2, 60, 60, 17},
                                           {2, 1, 61, 61, 64},
                                           {1, 2, 64, 64, 8},
                                           {1, 1, 130, 130, 33},
                                           {1, 3, 145, 145, 64}}) {
    expect_both(n, by_distance(n, false));
    expect_both(n, by_distance(n, true));
  }
}

TEST(BiasedAttention, WorksOverOtherKeysWithoutABias) {
  for (const Sizes& n : std::vector<Sizes>{{2, 3, 4, 9, 5}, {1, 2, 3, 130, 64}, {2, 4, 1, 65, 8}}) {
    expect_both(n, {n.keys, {}, false, {}, {}, {}});
  }
}

TEST(BiasedAttention, HidesPaddingKeys) {
  const Sizes n{3, 2, 5, 80, 16};
  expect_both(n, {n.keys, {}, false, at::tensor({80, 64, 1}, at::kLong), {}, {}});
  const Sizes self{3, 2, 80, 80, 16};
  AttentionBias bias = by_distance(self, false);
  bias.key_lengths = at::tensor({65, 80, 2}, at::kLong);
  expect_both(self, bias);
}

TEST(BiasedAttention, KeysBeforeThePositionsHaveNoBiasAndAreSeen) {
  for (const bool causal : {false, true}) {
    const Sizes n{2, 2, 70, 70 + 19, 8};
    AttentionBias bias = by_distance(n, causal);
    bias.key_lengths = at::tensor({70, 33}, at::kLong);
    expect_both(n, bias);
  }
}

TEST(BiasedAttention, PaddingQueriesChangeNothingForOthers) {
  const Sizes n{2, 2, 66, 66, 8};
  AttentionBias bias = by_distance(n, false);
  bias.key_lengths = at::tensor({66, 40}, at::kLong);
  AttentionBias skipping = bias;
  skipping.query_lengths = bias.key_lengths;
  const at::Tensor real = at::arange(66).lt(bias.key_lengths.unsqueeze(1)).unsqueeze(2);  // [B,S,1]
  const auto masked = [&](const Operator& op) -> Operator {
    return [op, real](const auto& in) { return op(in) * real; };
  };
  expect_close_in_float32(masked(ours(n, skipping)), masked(reference(n, bias)), inputs(n), 3, 2e-6);
}

TEST(BiasedAttention, PackedFormsAreTheSame) {
  const Sizes n{2, 3, 37, 37, 16};
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    AttentionBias bias = by_distance(n, false);
    if (type == at::kDouble) bias = dense(bias, n);
    const auto in = inputs(n);
    std::vector<at::Tensor> leaves;
    leaves.reserve(in.size());
    for (const at::Tensor& x : in) leaves.push_back(x.to(type));
    const Operator two = [&](const auto& x) {
      return biased_attention(x[0], at::cat({x[1], x[2]}, -1), n.heads, bias);
    };
    const Operator one = [&](const auto& x) {
      return biased_attention(at::cat({x[0], x[1], x[2]}, -1), n.heads, bias);
    };
    expect_same(two, ours(n, bias), leaves, 3, type == at::kFloat ? 1e-7 : 1e-13);
    expect_same(one, ours(n, bias), leaves, 3, type == at::kFloat ? 1e-7 : 1e-13);
  }
}

TEST(BiasedAttention, LargeScoresStayFinite) {
  const Sizes n{1, 2, 20, 20, 16};
  const AttentionBias bias = by_distance(n, false);
  std::vector<at::Tensor> in;
  for (const at::Tensor& x : inputs(n)) in.push_back((x * 30).to(at::kFloat));
  const Outcome got = run(ours(n, bias), in, 3);
  EXPECT_LE(relative_difference(
                got.value, reference(n, bias)({in[0].to(at::kDouble), in[1].to(at::kDouble), in[2].to(at::kDouble)})),
            1e-4);
  for (const at::Tensor& gradient : got.gradients) EXPECT_TRUE(gradient.isfinite().all().item<bool>());
}

TEST(BiasedAttention, IsZeroWhereEveryKeyIsHidden) {
  const Sizes n{1, 1, 2, 3, 4};
  const AttentionBias bias{3, {}, false, at::tensor({0}, at::kLong), {}, {}};
  std::vector<at::Tensor> in;
  for (const at::Tensor& x : inputs(n)) in.push_back(x.to(at::kFloat));
  const Outcome got = run(ours(n, bias), in, 3);
  EXPECT_TRUE(got.value.eq(0).all().item<bool>());
  for (const at::Tensor& gradient : got.gradients) EXPECT_TRUE(gradient.eq(0).all().item<bool>());
}

TEST(AlignedBias, RowsBeginAtMultiplesOfEight) {
  for (const std::int64_t columns : {1, 8, 13}) {
    for (const std::int64_t before : {0, 3}) {
      const at::Tensor dense = random_tensor({2, 1, 5, columns}, 1);
      const at::Tensor aligned = aligned_bias(dense, before);
      ASSERT_EQ(aligned.sizes(), at::IntArrayRef({2, 1, 5, before + columns}));
      for (const std::int64_t dimension : {0, 1, 2}) EXPECT_EQ(aligned.stride(dimension) % 8, 0) << columns;
      EXPECT_EQ(aligned.stride(3), 1);
      EXPECT_TRUE(at::equal(aligned.narrow(3, before, columns), dense));
      EXPECT_TRUE(aligned.narrow(3, 0, before).eq(0).all().item<bool>());
      EXPECT_TRUE(aligned_bias(aligned).is_same(aligned));
    }
  }
}

// The bias [H,2*positions-1] as one of the inputs: q, k, v, bias.
Operator with_trained_bias(const Sizes& n, AttentionBias bias, bool dense_form) {
  return [n, bias, dense_form](const auto& in) mutable {
    bias.by_distance = in[3];
    if (dense_form) {
      const at::Tensor i = at::arange(n.queries, at::kLong).unsqueeze(1);
      const at::Tensor place = at::arange(n.queries, at::kLong).unsqueeze(0) - i + n.queries - 1;  // [S,S]
      bias.dense = in[3].index_select(1, place.flatten()).view({1, n.heads, n.queries, n.queries});
      if (bias.causal) bias.dense = bias.dense.masked_fill(at::ones({n.queries, n.queries}, at::kBool).triu(1), -1e30);
    }
    return biased_attention(in[0], in[1], in[2], n.heads, bias);
  };
}

Operator trained_bias_reference(const Sizes& n, const AttentionBias& bias) {
  const at::Tensor hidden = written_out({bias.positions, {}, bias.causal, bias.key_lengths, {}, {}}, n);
  const at::Tensor i = at::arange(n.queries, at::kLong).unsqueeze(1);
  const at::Tensor distance = at::arange(n.keys, at::kLong).unsqueeze(0) - (n.keys - bias.positions) - i;  // [S,M]
  const at::Tensor counts = at::arange(n.keys, at::kLong).ge(n.keys - bias.positions).to(at::kDouble);     // [M]
  const at::Tensor place = (distance + bias.positions - 1).clamp_min(0).flatten();
  return [n, hidden, place, counts](const auto& in) {
    const at::Tensor added = in[3].index_select(1, place).view({1, n.heads, n.queries, n.keys}) * counts;
    const at::Tensor scores =
        at::matmul(heads_first(in[0], n.heads), heads_first(in[1], n.heads).transpose(2, 3)) + added + hidden;
    return at::matmul(at::softmax(scores, -1), heads_first(in[2], n.heads)).transpose(1, 2).flatten(2);
  };
}

TEST(BiasedAttention, GivesATrainedBiasItsGradient) {
  for (const Sizes& n : std::vector<Sizes>{{2, 3, 7, 7, 5}, {1, 1, 1, 1, 1}, {3, 2, 61, 61, 16}, {1, 2, 145, 145, 8}}) {
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(fmt::format("{} queries, causal {}", n.queries, causal));
      AttentionBias bias = by_distance(n, causal);
      auto in = inputs(n);
      in.push_back(random_tensor({n.heads, 2 * n.queries - 1}, 5));
      expect_close_in_float32(with_trained_bias(n, bias, false), trained_bias_reference(n, bias), in, 4, 1e-5);
      expect_same(with_trained_bias(n, bias, true), trained_bias_reference(n, bias), in, 4, 1e-12);
    }
  }
}

TEST(BiasedAttention, RowsBeforeThePositionsAndPaddingGiveATrainedBiasNothing) {
  const Sizes n{3, 2, 70, 75, 8};
  AttentionBias bias{n.queries, {}, false, at::tensor({70, 3, 41}, at::kLong), {}, {}};
  auto in = inputs(n);
  in.push_back(random_tensor({n.heads, 2 * n.queries - 1}, 5));
  expect_close_in_float32(with_trained_bias(n, bias, false), trained_bias_reference(n, bias), in, 4, 1e-5);
}

}  // namespace
}  // namespace prelude
