// Every operator makes of NaN and infinities, in its inputs and in the gradient that it is given, what ATen's plain
// operators make of them in float64.
#include "tests/core/ops/not_finite.h"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/ops/biased_attention.h"
#include "core/ops/cross_entropy.h"
#include "core/ops/dropout.h"
#include "core/ops/gated_activation.h"
#include "core/ops/linear_map.h"
#include "core/ops/rms_norm.h"
#include "tests/core/ops/compare.h"

namespace prelude {
namespace {

using namespace test;
using Tensors = std::vector<at::Tensor>;

// The value, then the gradient of each input, where the value is given the gradient `upstream`.
Tensors outcome(const Operator& op, const Tensors& inputs, const at::Tensor& upstream, at::ScalarType type) {
  Tensors leaves;
  for (const at::Tensor& input : inputs) leaves.push_back(input.to(type).detach().clone().requires_grad_(true));
  Tensors all{op(leaves)};
  all.front().backward(upstream.to(all.front().scalar_type()));
  for (const at::Tensor& leaf : leaves) all.push_back(leaf.grad());
  return all;
}

// `loosely`: an infinity in the upstream gradient may come out as an infinity or as NaN.
void expect_alike(const Operator& ours, const Operator& plain, const Tensors& inputs, const at::Tensor& upstream,
                  at::ScalarType type, bool loosely = false) {
  loosely = loosely && upstream.isinf().any().item<bool>();
  const Tensors got = outcome(ours, inputs, upstream, type);
  const Tensors expected = outcome(plain, inputs, upstream, at::kDouble);
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_TRUE(same_kind(got[i], expected[i], type == at::kFloat ? 2e-5 : 0.1, loosely))
        << (i == 0 ? "value" : fmt::format("gradient of input {}", i - 1));
  }
}

// Each number in three places of each input, and of the gradient that comes from behind, in float32 and bfloat16.
void expect_alike_everywhere(const Operator& ours, const Operator& plain, const Tensors& inputs, bool loosely = false) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    Tensors all;
    for (const at::Tensor& input : inputs) all.push_back(input.to(type).to(at::kDouble));
    all.push_back(random_tensor(plain(all).sizes().vec(), 99).to(type).to(at::kDouble));
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::int64_t last = all[i].numel() - 1;
      for (const std::int64_t place : {std::int64_t{0}, last / 2, last}) {
        for (const float number : not_finite_numbers) {
          SCOPED_TRACE(fmt::format("{}, input {} of {}, element {} of {}: {}", at::toString(type), i, all.size() - 1,
                                   place, last + 1, number));
          Tensors changed = all;
          changed[i] = with_number(all[i], place, number);
          const at::Tensor upstream = changed.back();
          changed.pop_back();
          expect_alike(ours, plain, changed, upstream, type, loosely);
          if (testing::Test::HasFailure()) return;
        }
      }
    }
  }
}

TEST(OperatorsCarryNotFinite, RmsNorm) {
  const Operator plain = [](const auto& in) { return in[0] * (in[0].square().mean(-1, true) + 1e-6).rsqrt() * in[1]; };
  const Tensors inputs{random_tensor({3, 2, 19}, 1), random_tensor({19}, 2)};
  expect_alike_everywhere([](const auto& in) { return rms_norm(in[0], in[1], 1e-6); }, plain, inputs);
  expect_alike_everywhere(
      [](const auto& in) {
        const NormAndResidual both = rms_norm_of_residual(in[0], in[1], 1e-6);
        return both.normed + both.residual;
      },
      [&](const auto& in) { return plain(in) + in[0]; }, inputs);
}

TEST(OperatorsCarryNotFinite, GatedActivation) {
  for (const Activation kind : {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
    SCOPED_TRACE(fmt::format("activation {}", static_cast<int>(kind)));
    expect_alike_everywhere([kind](const auto& in) { return gated_activation(in[0], kind); },
                            [kind](const auto& in) {
                              const auto parts = in[0].chunk(2, -1);
                              return activate(parts[0], kind) * parts[1];
                            },
                            {random_tensor({3, 2, 2 * 21}, 1)});
  }
}

TEST(OperatorsCarryNotFinite, LinearMap) {
  const Tensors inputs{random_tensor({2, 3, 5}, 1), random_tensor({7, 5}, 2), random_tensor({2, 3, 7}, 3)};
  expect_alike_everywhere([](const auto& in) { return linear_map(in[0], in[1]); },
                          [](const auto& in) { return at::matmul(in[0], in[1].t()); }, {inputs[0], inputs[1]});
  expect_alike_everywhere([](const auto& in) { return linear_map_plus(in[2], in[0], in[1]); },
                          [](const auto& in) { return in[2] + at::matmul(in[0], in[1].t()); }, inputs);
}

TEST(OperatorsCarryNotFinite, Dropout) {
  const std::vector<std::int64_t> samples{3, 8};
  const at::Tensor keys = dropout_keys(7, samples);
  const at::Tensor factors = dropout(at::ones({2, 4, 23}, at::kDouble), 0.5, keys, {});
  expect_alike_everywhere([&](const auto& in) { return dropout(in[0], 0.5, keys, {}); },
                          [&](const auto& in) { return in[0] * factors; }, {random_tensor({2, 4, 23}, 1)});
}

// A position that is left out counts for nothing in the loss, whatever it holds; its gradient is 0 times that.
TEST(OperatorsCarryNotFinite, CrossEntropy) {
  constexpr std::int64_t ignored = -100;
  const at::Tensor all = at::tensor({0, 10, 3, 3, 7}, at::kLong);
  const at::Tensor some = at::tensor(std::vector<std::int64_t>{ignored, 10, ignored, 3, ignored}, at::kLong);
  const Tensors inputs{random_tensor({5, 6}, 1), random_tensor({11, 6}, 2)};
  const auto plain = [](const at::Tensor& wanted) -> Operator {
    return [wanted](const auto& in) {
      return at::cross_entropy_loss(at::matmul(in[0], in[1].t()), wanted, {}, at::Reduction::Sum, ignored);
    };
  };
  const auto ours = [](const at::Tensor& wanted) -> Operator {
    return [wanted](const auto& in) { return cross_entropy_sum(in[0], in[1], wanted, ignored); };
  };
  // An infinite upstream gradient times softmax - one-hot is infinite, where ATen subtracts two infinities.
  expect_alike_everywhere(ours(all), plain(all), inputs, /*loosely=*/true);
  for (std::size_t i = 0; i < 2; ++i) {
    for (const float number : not_finite_numbers) {
      Tensors changed = inputs;
      changed[i] = with_number(inputs[i], 1, number);  // of a row that is left out
      expect_alike(ours(some), plain(some), changed, at::ones({}, at::kDouble), at::kFloat);
    }
  }
}

// Self-attention with a trained bias by distance, in the kernels' form (float32) and as plain operators have it.
void expect_attention(bool causal) {
  constexpr std::int64_t heads = 2;
  constexpr std::int64_t length = 9;
  const auto split = [](const at::Tensor& x) { return x.unflatten(2, {heads, -1}).transpose(1, 2); };
  const auto dense = [](const at::Tensor& table) { return table.unfold(1, length, 1).flip(1).unsqueeze(0); };
  const at::Tensor later = at::ones({length, length}, at::kBool).triu(1);
  const Operator plain = [&](const auto& in) {
    at::Tensor scores = at::matmul(split(in[0]), split(in[1]).transpose(2, 3)) + dense(in[3]);
    if (causal) scores = scores + at::zeros({length, length}, at::kDouble).masked_fill(later, -INFINITY);
    return at::matmul(at::softmax(scores, -1), split(in[2])).transpose(1, 2).flatten(2);
  };
  const Operator ours = [&](const auto& in) {
    AttentionBias bias{length, in[3], causal, {}, {}, {}};
    if (bias_is_dense(in[0])) {
      bias.dense = dense(in[3]);
      if (causal) {
        const at::Tensor hidden = at::zeros({length, length}, bias.dense.options()).masked_fill(later, -INFINITY);
        bias.dense = bias.dense + hidden;
      }
    }
    return biased_attention(in[0], in[1], in[2], heads, bias);
  };
  const Tensors inputs{random_tensor({2, length, heads * 5}, 1), random_tensor({2, length, heads * 5}, 2),
                       random_tensor({2, length, heads * 5}, 3), random_tensor({heads, 2 * length - 1}, 4)};
  expect_alike_everywhere(ours, plain, inputs, /*loosely=*/true);  // tests/core/ops/cpu/not_finite_test.cpp says why
}

// Without a bias: LibTorch's fused attention in bfloat16, over fewer keys than a vector has lanes, and over more.
TEST(OperatorsCarryNotFinite, CrossAttention) {
  constexpr std::int64_t heads = 2;
  const auto split = [](const at::Tensor& x) { return x.unflatten(2, {heads, -1}).transpose(1, 2); };
  for (const std::int64_t keys : {1, 5, 15, 16, 40}) {
    SCOPED_TRACE(fmt::format("{} keys", keys));
    expect_alike_everywhere(
        [&](const auto& in) {
          return biased_attention(in[0], in[1], in[2], heads, {keys, {}, false, {}, {}, {}});
        },
        [&](const auto& in) {
          const at::Tensor scores = at::matmul(split(in[0]), split(in[1]).transpose(2, 3));
          return at::matmul(at::softmax(scores, -1), split(in[2])).transpose(1, 2).flatten(2);
        },
        {random_tensor({2, 3, heads * 5}, 1), random_tensor({2, keys, heads * 5}, 2),
         random_tensor({2, keys, heads * 5}, 3)},
        /*loosely=*/true);
  }
}

TEST(OperatorsCarryNotFinite, BiasedAttention) { expect_attention(false); }
TEST(OperatorsCarryNotFinite, CausalAttention) { expect_attention(true); }

}  // namespace
}  // namespace prelude
