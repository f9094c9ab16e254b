// Every kernel of every instruction set makes of NaN and infinities what ATen's plain operators make of them.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/ops/cpu/kernels.h"
#include "tests/core/ops/not_finite.h"
#include "tests/core/random_tensor.h"

namespace prelude {
namespace {

using test::same_kind;
using Tensors = std::vector<at::Tensor>;

at::Tensor random_floats(at::IntArrayRef sizes, std::uint64_t seed) {
  return test::random_tensor(sizes.vec(), seed).to(at::kFloat);
}

// Each number in each place of each input in turn: `check` sees the inputs with it. The places are the first, the last
// and some between.
void with_each_number(const Tensors& inputs, const std::function<void(const Tensors&)>& check) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::int64_t last = inputs[i].numel() - 1;
    for (const std::int64_t place : {std::int64_t{0}, last / 3, last / 2, last}) {
      for (const float number : test::not_finite_numbers) {
        SCOPED_TRACE(fmt::format("input {}, element {} of {}: {}", i, place, last + 1, number));
        Tensors changed = inputs;
        changed[i] = test::with_number(inputs[i], place, number);
        check(changed);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

void expect_kind(const cpu::Kernels& set, const std::string& what, const at::Tensor& got, const at::Tensor& expected,
                 bool loosely = false) {
  EXPECT_TRUE(same_kind(got, expected, 2e-5, loosely)) << set.instruction_set << ", " << what;
}

// x, scale, gradient, passed.
TEST(NotFinite, RmsNorm) {
  constexpr std::int64_t rows = 3;
  for (const std::int64_t width : {1, 7, 16, 37}) {
    const Tensors inputs{random_floats({rows, width}, 1), random_floats({width}, 2), random_floats({rows, width}, 3),
                         random_floats({rows, width}, 4)};
    with_each_number(inputs, [&](const Tensors& in) {
      at::Tensor x = in[0].to(at::kDouble).requires_grad_(true);
      at::Tensor scale = in[1].to(at::kDouble).requires_grad_(true);
      const at::Tensor inverse = (x.square().mean(-1, true) + 1e-6).rsqrt();
      const at::Tensor exact = x * inverse * scale;
      exact.backward(in[2].to(at::kDouble));
      for (const cpu::Kernels* set : cpu::all_kernels()) {
        at::Tensor y = at::empty_like(in[0]);
        at::Tensor found = at::empty({rows, 1}, at::kFloat);
        at::Tensor dx = at::empty_like(in[0]);
        at::Tensor ds = at::empty_like(in[1]);
        set->rms_norm(in[0].const_data_ptr<float>(), in[1].const_data_ptr<float>(), 1e-6F, rows, width,
                      y.mutable_data_ptr<float>(), found.mutable_data_ptr<float>());
        set->rms_norm_gradient(in[2].const_data_ptr<float>(), in[3].const_data_ptr<float>(),
                               in[0].const_data_ptr<float>(), in[1].const_data_ptr<float>(),
                               found.const_data_ptr<float>(), rows, width, dx.mutable_data_ptr<float>());
        set->rms_norm_scale_gradient(in[2].const_data_ptr<float>(), in[0].const_data_ptr<float>(),
                                     found.const_data_ptr<float>(), rows, width, ds.mutable_data_ptr<float>());
        expect_kind(*set, "value", y, exact);
        expect_kind(*set, "inverse", found, inverse);
        expect_kind(*set, "gradient of x", dx, x.grad() + in[3]);
        expect_kind(*set, "gradient of the scale", ds, scale.grad());
      }
    });
  }
}

at::Tensor activated(Gate gate, const at::Tensor& x) {
  if (gate == Gate::relu) return at::relu(x);
  return gate == Gate::gelu_tanh ? at::gelu(x, "tanh") : at::silu(x);
}

// Halves, gradient.
TEST(NotFinite, Gates) {
  constexpr std::int64_t rows = 3;
  for (const Gate gate : {Gate::relu, Gate::gelu_tanh, Gate::silu}) {
    for (const std::int64_t width : {1, 8, 29}) {
      SCOPED_TRACE(fmt::format("gate {}, width {}", static_cast<int>(gate), width));
      const Tensors inputs{random_floats({rows, 2 * width}, 1), random_floats({rows, width}, 2)};
      with_each_number(inputs, [&](const Tensors& in) {
        at::Tensor leaf = in[0].clone().requires_grad_(true);
        const auto parts = leaf.chunk(2, -1);
        const at::Tensor exact = activated(gate, parts[0]) * parts[1];
        exact.backward(in[1]);
        for (const cpu::Kernels* set : cpu::all_kernels()) {
          at::Tensor y = at::empty({rows, width}, at::kFloat);
          at::Tensor dx = at::empty_like(in[0]);
          set->gated(gate, in[0].const_data_ptr<float>(), rows, width, y.mutable_data_ptr<float>());
          set->gated_gradient(gate, in[1].const_data_ptr<float>(), in[0].const_data_ptr<float>(), rows, width,
                              dx.mutable_data_ptr<float>());
          expect_kind(*set, "value", y, exact);
          expect_kind(*set, "gradient", dx, leaf.grad());
        }
      });
    }
  }
}

// As a product with a mask of 0 and 1 / (1 - rate).
TEST(NotFinite, Dropout) {
  const std::vector<std::int64_t> keys{11, -5};
  DropoutMask mask;
  mask.site = 3;
  mask.positions = 4;
  mask.threshold = 1U << 31;
  mask.scale = 2.0F;
  constexpr std::int64_t rows = 8;
  for (const std::int64_t width : {1, 16, 37}) {
    at::Tensor factors = at::zeros({rows, width}, at::kFloat);
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t i = 0; i < width; ++i) {
        const std::uint64_t key = mask.row_key(keys.data(), row);
        if (dropout_word(static_cast<std::uint32_t>(i), key) >= mask.threshold) factors[row][i] = mask.scale;
      }
    }
    with_each_number({random_floats({rows, width}, 1)}, [&](const Tensors& in) {
      for (const cpu::Kernels* set : cpu::all_kernels()) {
        at::Tensor y = at::empty_like(in[0]);
        set->dropout(mask, keys.data(), in[0].const_data_ptr<float>(), 0, rows, width, y.mutable_data_ptr<float>());
        expect_kind(*set, "value", y, in[0] * factors);
      }
    });
  }
}

// One example whose heads lie next to each other; the keys before `first_key` have no position.
struct Shape {
  std::int64_t queries, first_key, width;
  bool causal;
  std::int64_t keys() const { return first_key + queries; }
};

constexpr std::int64_t heads = 2;

cpu::Attention describe(const Shape& n, const Tensors& in) {
  cpu::Attention a;
  a.heads = heads;
  a.queries = a.positions = n.queries;
  a.keys = n.keys();
  a.first_key = n.first_key;
  a.width = n.width;
  a.causal = n.causal;
  a.q = in[0].const_data_ptr<float>();
  a.k = in[1].const_data_ptr<float>();
  a.v = in[2].const_data_ptr<float>();
  a.q_layout = a.k_layout = a.v_layout = {0, heads * n.width, n.width};
  a.by_distance = in[3].const_data_ptr<float>();
  return a;
}

// softmax(q k^T + bias + hidden) v out of [S,H*K], [M,H*K], [M,H*K] and [H,2*S-1].
at::Tensor plain_attention(const Shape& n, const Tensors& in) {
  const auto split = [&](const at::Tensor& x) { return x.unflatten(1, {heads, n.width}).transpose(0, 1); };  // [H,.,K]
  at::Tensor bias = in[3].unfold(1, n.queries, 1).flip(1);                                                   // [H,S,S]
  bias = at::constant_pad_nd(bias, {n.first_key, 0});
  if (n.causal) {
    const at::Tensor later = at::ones({n.queries, n.keys()}, at::kBool).triu(n.first_key + 1);
    bias = bias + at::zeros({n.queries, n.keys()}, at::kDouble).masked_fill(later, -INFINITY);
  }
  const at::Tensor scores = at::matmul(split(in[0]), split(in[1]).transpose(1, 2)) + bias;
  return at::matmul(at::softmax(scores, -1), split(in[2])).transpose(0, 1).flatten(1);
}

// q, k, v, bias, gradient of the output.
void expect_attention(const cpu::Kernels& set, const Shape& n, const Tensors& in, const at::Tensor& exact,
                      const Tensors& exact_gradients) {
  const cpu::Attention a = describe(n, in);
  at::Tensor output = at::empty_like(in[0]);
  at::Tensor lse = at::empty({heads, n.queries}, at::kFloat);
  set.attention(a, 0, heads, output.mutable_data_ptr<float>(), a.q_layout, lse.mutable_data_ptr<float>());
  expect_kind(set, "value", output, exact);

  Tensors gradients;
  for (std::size_t i = 0; i < 4; ++i) gradients.push_back(at::zeros_like(in[i]));
  cpu::AttentionGradients to;
  to.output = output.const_data_ptr<float>();
  to.output_gradient = in[4].const_data_ptr<float>();
  to.output_layout = to.q_layout = to.k_layout = to.v_layout = a.q_layout;
  to.log_sum_exp = lse.const_data_ptr<float>();
  to.q = gradients[0].mutable_data_ptr<float>();
  to.k = gradients[1].mutable_data_ptr<float>();
  to.v = gradients[2].mutable_data_ptr<float>();
  to.by_distance = gradients[3].mutable_data_ptr<float>();
  set.attention_gradient(a, to, 0, heads);
  // The gradient along the output is one sum here, of the output's columns (as in ATen's own fused attention), where
  // the composition has another, of the keys: an infinity in it may cancel to NaN in one and not in the other.
  const bool loosely = in[4].isinf().any().item<bool>();
  for (std::size_t i = 0; i < 4; ++i) {
    expect_kind(set, fmt::format("gradient {}", i), gradients[i], exact_gradients[i], loosely);
  }
}

// Sizes about one vector, one panel of keys and one block of queries, and more than one of each.
TEST(NotFinite, Attention) {
  for (const Shape& n : std::vector<Shape>{{1, 0, 1, false},
                                           {1, 0, 4, true},
                                           {3, 0, 5, true},
                                           {9, 4, 8, false},
                                           {9, 4, 8, true},
                                           {67, 0, 12, false},
                                           {130, 3, 16, true}}) {
    SCOPED_TRACE(
        fmt::format("{} queries, first key {}, width {}, causal {}", n.queries, n.first_key, n.width, n.causal));
    const std::int64_t inner = heads * n.width;
    const Tensors inputs{random_floats({n.queries, inner}, 1), random_floats({n.keys(), inner}, 2),
                         random_floats({n.keys(), inner}, 3), random_floats({heads, 2 * n.queries - 1}, 4),
                         random_floats({n.queries, inner}, 5)};
    with_each_number(inputs, [&](const Tensors& in) {
      Tensors leaves;
      for (std::size_t i = 0; i < 4; ++i) leaves.push_back(in[i].to(at::kDouble).requires_grad_(true));
      const at::Tensor exact = plain_attention(n, leaves);
      exact.backward(in[4].to(at::kDouble));
      Tensors exact_gradients;
      for (const at::Tensor& leaf : leaves) exact_gradients.push_back(leaf.grad());
      for (const cpu::Kernels* set : cpu::all_kernels()) expect_attention(*set, n, in, exact, exact_gradients);
    });
  }
}

// All keys are padding: the row is 0, and so are its gradients, whatever is in them.
TEST(NotFinite, AttentionOverNoKeysIsZero) {
  const Shape n{3, 0, 4, false};
  const std::int64_t inner = heads * n.width;
  const std::int64_t none = 0;
  Tensors in;
  for (std::size_t i = 0; i < 3; ++i) in.push_back(at::full({n.queries, inner}, NAN));
  in.push_back(at::full({heads, 2 * n.queries - 1}, NAN));
  for (const cpu::Kernels* set : cpu::all_kernels()) {
    cpu::Attention a = describe(n, in);
    a.key_lengths = &none;
    at::Tensor output = at::empty_like(in[0]);
    at::Tensor lse = at::empty({heads, n.queries}, at::kFloat);
    set->attention(a, 0, heads, output.mutable_data_ptr<float>(), a.q_layout, lse.mutable_data_ptr<float>());
    EXPECT_TRUE(output.eq(0).all().item<bool>()) << set->instruction_set;
    EXPECT_TRUE(lse.eq(0).all().item<bool>()) << set->instruction_set;
  }
}

// What lengths hide is not looked at.
TEST(NotFinite, AttentionLeavesPaddingAlone) {
  const Shape n{70, 0, 8, false};
  const std::int64_t inner = heads * n.width;
  const std::int64_t real = 66;
  Tensors in{random_floats({n.queries, inner}, 1), random_floats({n.queries, inner}, 2),
             random_floats({n.queries, inner}, 3), random_floats({heads, 2 * n.queries - 1}, 4)};
  const auto run = [&](const cpu::Kernels& set) {
    cpu::Attention a = describe(n, in);
    a.key_lengths = a.query_lengths = &real;
    at::Tensor output = at::empty_like(in[0]);
    at::Tensor lse = at::empty({heads, n.queries}, at::kFloat);
    set.attention(a, 0, heads, output.mutable_data_ptr<float>(), a.q_layout, lse.mutable_data_ptr<float>());
    return output;
  };
  Tensors clean;
  for (const cpu::Kernels* set : cpu::all_kernels()) clean.push_back(run(*set));
  for (std::size_t i = 0; i < 3; ++i) in[i].narrow(0, real, n.queries - real).fill_(NAN);
  for (std::size_t s = 0; s < clean.size(); ++s) EXPECT_TRUE(at::equal(run(*cpu::all_kernels()[s]), clean[s]));
}

}  // namespace
}  // namespace prelude
