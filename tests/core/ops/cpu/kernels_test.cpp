#include "core/ops/cpu/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/core/random_tensor.h"

namespace prelude {
namespace {

using test::random_tensor;
using test::relative_difference;

// The operators' tests see the set that this processor prefers; here every set that it has computes the same.
class EverySet : public testing::Test {
 protected:
  static void expect_close(const cpu::Kernels& set, const at::Tensor& got, const at::Tensor& expected) {
    EXPECT_LE(relative_difference(got, expected), 1e-5) << set.instruction_set;
  }
};

at::Tensor random_floats(at::IntArrayRef sizes, std::uint64_t seed) {
  return random_tensor(sizes.vec(), seed).to(at::kFloat);
}

TEST_F(EverySet, RmsNorm) {
  constexpr std::int64_t rows = 3;
  for (const std::int64_t width : {1, 3, 16, 37, 512}) {
    const at::Tensor x = random_floats({rows, width}, 1);
    const at::Tensor scale = random_floats({width}, 2);
    const at::Tensor g = random_floats({rows, width}, 3);
    at::Tensor leaf = x.to(at::kDouble).requires_grad_(true);
    const at::Tensor exact = scale * leaf / (leaf.square().mean(-1, true) + 1e-6).sqrt();
    exact.backward(g.to(at::kDouble));
    for (const cpu::Kernels* set : cpu::all_kernels()) {
      at::Tensor y = at::empty_like(x);
      at::Tensor inverse = at::empty({rows}, at::kFloat);
      at::Tensor dx = at::empty_like(x);
      set->rms_norm(x.const_data_ptr<float>(), scale.const_data_ptr<float>(), 1e-6F, rows, width,
                    y.mutable_data_ptr<float>(), inverse.mutable_data_ptr<float>());
      set->rms_norm_gradient(g.const_data_ptr<float>(), g.const_data_ptr<float>(), x.const_data_ptr<float>(),
                             scale.const_data_ptr<float>(), inverse.const_data_ptr<float>(), rows, width,
                             dx.mutable_data_ptr<float>());
      expect_close(*set, y, exact.detach());
      expect_close(*set, dx, leaf.grad() + g);
    }
  }
}

TEST_F(EverySet, RmsNormsScaleGradient) {
  for (const std::int64_t rows : {1, 64, 1000}) {
    for (const std::int64_t width : {1, 3, 16, 37, 512}) {
      const at::Tensor x = random_floats({rows, width}, 1);
      const at::Tensor g = random_floats({rows, width}, 2);
      const at::Tensor inverse = random_floats({rows}, 3);
      const at::Tensor exact = (g.to(at::kDouble) * x * inverse.unsqueeze(1)).sum(0);
      for (const cpu::Kernels* set : cpu::all_kernels()) {
        at::Tensor sum = at::full({width}, 7, at::kFloat);  // of before
        set->rms_norm_scale_gradient(g.const_data_ptr<float>(), x.const_data_ptr<float>(),
                                     inverse.const_data_ptr<float>(), rows, width, sum.mutable_data_ptr<float>());
        expect_close(*set, sum, exact);
      }
    }
  }
}

TEST_F(EverySet, Gates) {
  constexpr std::int64_t rows = 3;
  for (const Gate gate : {Gate::relu, Gate::gelu_tanh, Gate::silu}) {
    for (const std::int64_t width : {1, 8, 29}) {
      const at::Tensor halves = random_floats({rows, 2 * width}, 1) * 5;
      const at::Tensor g = random_floats({rows, width}, 2);
      at::Tensor leaf = halves.to(at::kDouble).requires_grad_(true);
      const auto parts = leaf.chunk(2, -1);
      const at::Tensor active = gate == Gate::relu        ? at::relu(parts[0])
                                : gate == Gate::gelu_tanh ? at::gelu(parts[0], "tanh")
                                                          : at::silu(parts[0]);
      const at::Tensor exact = active * parts[1];
      exact.backward(g.to(at::kDouble));
      for (const cpu::Kernels* set : cpu::all_kernels()) {
        at::Tensor y = at::empty({rows, width}, at::kFloat);
        at::Tensor dx = at::empty_like(halves);
        set->gated(gate, halves.const_data_ptr<float>(), rows, width, y.mutable_data_ptr<float>());
        set->gated_gradient(gate, g.const_data_ptr<float>(), halves.const_data_ptr<float>(), rows, width,
                            dx.mutable_data_ptr<float>());
        expect_close(*set, y, exact.detach());
        expect_close(*set, dx, leaf.grad());
      }
    }
  }
}

TEST_F(EverySet, DropoutHasTheBitsOfTheDefinition) {
  const std::vector<std::int64_t> keys{11, -5};
  DropoutMask mask;
  mask.site = 3;
  mask.heads = 2;
  mask.positions = 4;
  mask.first_head = 1;
  mask.threshold = 1U << 30;
  mask.scale = 1.25F;
  const std::int64_t rows = 2 * mask.heads * mask.positions;
  for (const std::int64_t width : {1, 5, 16, 37, 256}) {
    // The last columns pass 2^32: they begin again at 0, in every set alike.
    mask.first_column = width == 256 ? (std::int64_t{1} << 32) - 100 : 9;
    const at::Tensor x = random_floats({rows, width}, 1);
    at::Tensor expected = at::zeros_like(x);
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t i = 0; i < width; ++i) {
        const auto column = static_cast<std::uint32_t>(mask.first_column + i);
        const bool kept = dropout_word(column, mask.row_key(keys.data(), row)) >= mask.threshold;
        if (kept) expected[row][i] = x[row][i] * 1.25F;
      }
    }
    for (const cpu::Kernels* set : cpu::all_kernels()) {
      at::Tensor y = at::empty_like(x);
      set->dropout(mask, keys.data(), x.const_data_ptr<float>(), 0, 3, width, y.mutable_data_ptr<float>());
      set->dropout(mask, keys.data(), x.const_data_ptr<float>(), 3, rows, width, y.mutable_data_ptr<float>());
      EXPECT_TRUE(at::equal(y, expected)) << set->instruction_set << ' ' << width;
    }
  }
}

// One example whose heads lie next to each other, q and k and v in tensors of their own.
TEST_F(EverySet, Attention) {
  constexpr std::int64_t heads = 2;
  for (const auto& [queries, width] : std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {67, 12}, {130, 64}}) {
    const std::int64_t inner = heads * width;
    const at::Tensor in = random_floats({3, queries, inner}, 1);
    const at::Tensor table = random_floats({heads, 2 * queries - 1}, 2);
    const at::Tensor g = random_floats({queries, inner}, 3);
    at::Tensor leaf = in.to(at::kDouble).requires_grad_(true);
    const at::Tensor split = leaf.unflatten(2, {heads, width}).transpose(1, 2);   // [3,H,S,K]
    const at::Tensor bias = table.to(at::kDouble).unfold(1, queries, 1).flip(1);  // [H,S,S]
    const at::Tensor scores = at::matmul(split[0], split[1].transpose(1, 2)) + bias;
    const at::Tensor exact = at::matmul(at::softmax(scores, -1), split[2]).transpose(0, 1).flatten(1);
    exact.backward(g.to(at::kDouble));

    cpu::Attention a;
    a.heads = heads;
    a.queries = a.keys = a.positions = queries;
    a.width = width;
    a.q = in.const_data_ptr<float>();
    a.k = a.q + queries * inner;
    a.v = a.k + queries * inner;
    a.q_layout = a.k_layout = a.v_layout = {0, inner, width};
    a.by_distance = table.const_data_ptr<float>();
    for (const cpu::Kernels* set : cpu::all_kernels()) {
      at::Tensor output = at::empty({queries, inner}, at::kFloat);
      at::Tensor lse = at::empty({heads, queries}, at::kFloat);
      at::Tensor gradient = at::empty_like(in);
      cpu::AttentionGradients to;
      set->attention(a, 0, heads, output.mutable_data_ptr<float>(), a.q_layout, lse.mutable_data_ptr<float>());
      to.output = output.const_data_ptr<float>();
      to.output_gradient = g.const_data_ptr<float>();
      to.output_layout = to.q_layout = to.k_layout = to.v_layout = a.q_layout;
      to.log_sum_exp = lse.const_data_ptr<float>();
      to.q = gradient.mutable_data_ptr<float>();
      to.k = to.q + queries * inner;
      to.v = to.k + queries * inner;
      set->attention_gradient(a, to, 0, heads);
      expect_close(*set, output, exact.detach());
      expect_close(*set, gradient, leaf.grad());
      expect_close(*set, lse, at::logsumexp(scores.detach(), at::IntArrayRef({-1})));
    }
  }
}

TEST(CpuKernels, EndWithTheSetThatEveryProcessorHas) {
  ASSERT_FALSE(cpu::all_kernels().empty());
  EXPECT_EQ(std::string(cpu::all_kernels().back()->instruction_set), "baseline");
}

}  // namespace
}  // namespace prelude
