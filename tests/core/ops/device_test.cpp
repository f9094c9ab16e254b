// The operators on a device, in the types that they run there, against float64 on the CPU.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/ops/biased_attention.h"
#include "core/ops/cross_entropy.h"
#include "core/ops/frozen_linear.h"
#include "core/ops/gated_activation.h"
#include "core/ops/rms_norm.h"
#include "tests/core/device.h"
#include "tests/core/ops/compare.h"

namespace prelude {
namespace {

using namespace test;

constexpr double epsilon = 1e-6;

struct Precision {
  at::ScalarType type;
  double tolerance;  // a few roundings, of the largest number
};
constexpr Precision precisions[] = {{at::kFloat, 2e-5}, {at::kHalf, 3e-3}, {at::kBFloat16, 2e-2}};

class OperatorsOnDevice : public OnDevice {
 protected:
  void expect_close(const Precision& precision, const Operator& ours, const Operator& reference,
                    const std::vector<at::Tensor>& inputs, std::size_t trained) const {
    SCOPED_TRACE(at::toString(precision.type));
    expect_close_in(at::TensorOptions(device()).dtype(precision.type), ours, reference, inputs, trained,
                    precision.tolerance);
  }
};

at::Tensor exact_norm(const at::Tensor& x, const at::Tensor& scale) {
  return scale * (x / (x.pow(2).mean(-1, true) + epsilon).sqrt());
}

TEST_F(OperatorsOnDevice, RmsNorm) {
  for (const std::int64_t width : {5, 8, 31, 512, 1000, 4096, 4097}) {
    SCOPED_TRACE(width);
    for (const Precision& precision : precisions) {
      expect_close(
          precision, [](const auto& in) { return rms_norm(in[0], in[1], epsilon); },
          [](const auto& in) { return exact_norm(in[0], in[1]); },
          {random_tensor({3, 7, width}, 1), random_tensor({width}, 2)}, 2);
    }
  }
}

TEST_F(OperatorsOnDevice, RmsNormAddsTheResidualsGradient) {
  for (const std::int64_t width : {31, 1024}) {
    for (const Precision& precision : precisions) {
      expect_close(
          precision,
          [](const auto& in) {
            const NormAndResidual out = rms_norm_of_residual(in[0], in[1], epsilon);
            return out.normed + 3 * out.residual;
          },
          [](const auto& in) { return exact_norm(in[0], in[1]) + 3 * in[0]; },
          {random_tensor({5, width}, 1), random_tensor({width}, 2)}, 1);
    }
  }
}

// One number further than the allocator's alignment: 16 bytes at a time would fault.
TEST_F(OperatorsOnDevice, RowsThatAreNotAligned) {
  constexpr std::int64_t width = 64;
  const auto shifted = [](const at::Tensor& flat) { return flat.narrow(0, 1, flat.numel() - 1).view({-1, width}); };
  for (const Precision& precision : precisions) {
    expect_close(
        precision, [&](const auto& in) { return rms_norm(shifted(in[0]), in[1], epsilon); },
        [&](const auto& in) { return exact_norm(shifted(in[0]), in[1]); },
        {random_tensor({5 * width + 1}, 1), random_tensor({width}, 2)}, 2);
    expect_close(
        precision, [&](const auto& in) { return gated_activation(shifted(in[0]), Activation::relu); },
        [&](const auto& in) {
          const auto parts = shifted(in[0]).chunk(2, -1);
          return at::relu(parts[0]) * parts[1];
        },
        {random_tensor({4 * width + 1}, 3)}, 1);
  }
}

TEST_F(OperatorsOnDevice, GatedActivation) {
  for (const Activation kind : {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
    for (const std::int64_t width : {1, 7, 8, 100, 2816, 10240}) {
      SCOPED_TRACE(width);
      for (const Precision& precision : precisions) {
        expect_close(
            precision, [kind](const auto& in) { return gated_activation(in[0], kind); },
            [kind](const auto& in) {
              const auto parts = in[0].chunk(2, -1);
              return activate(parts[0], kind) * parts[1];
            },
            {random_tensor({2, 3, 2 * width}, 1) * 3}, 1);
      }
    }
  }
}

TEST_F(OperatorsOnDevice, FrozenLinear) {
  for (const Precision& precision : precisions) {
    expect_close(
        precision, [](const auto& in) { return frozen_linear_plus(in[1], in[0], in[2]); },
        [](const auto& in) { return in[1] + at::matmul(in[0], in[2].t()); },
        {random_tensor({2, 9, 40}, 1), random_tensor({2, 9, 24}, 2), random_tensor({24, 40}, 3)}, 2);
  }
}

TEST_F(OperatorsOnDevice, CrossEntropy) {
  const at::Tensor wanted = at::tensor({0, 47, -100, 3, 3}, at::kLong);
  for (const Precision& precision : precisions) {
    expect_close(
        precision, [&](const auto& in) { return cross_entropy_sum(in[0], in[1], wanted.to(in[0].device()), -100); },
        [&](const auto& in) {
          return at::cross_entropy_loss(at::matmul(in[0], in[1].t()), wanted, {}, at::Reduction::Sum, -100);
        },
        {random_tensor({5, 16}, 1), random_tensor({48, 16}, 2)}, 1);
  }
}

// [B,S,H*K] -> [B,H,S,K].
at::Tensor heads_first(const at::Tensor& x, std::int64_t heads) { return x.unflatten(2, {heads, -1}).transpose(1, 2); }

// A bias of every head and, for padding, of every example; lengths that fused kernels like and others.
TEST_F(OperatorsOnDevice, BiasedAttention) {
  constexpr std::int64_t heads = 3;
  constexpr std::int64_t inner = heads * 64;
  const Precision attention_precisions[] = {{at::kFloat, 2e-4}, {at::kBFloat16, 3e-2}};
  for (const std::int64_t length : {1, 7, 64, 130}) {
    for (const std::int64_t examples : {1, 2}) {
      SCOPED_TRACE(fmt::format("length {}, bias of {} examples", length, examples));
      for (const Precision& precision : attention_precisions) {
        const at::Tensor dense = random_tensor({examples, heads, length, length}, 4).to(precision.type);
        const at::Tensor table = random_tensor({heads, 2 * length - 1}, 5).to(precision.type);
        const bool takes_dense = bias_is_dense(at::empty({0}, at::TensorOptions(device()).dtype(precision.type)));
        AttentionBias bias{length, {}, false, {}, {}, {}};
        at::Tensor matrix = dense;
        if (takes_dense) {
          bias.dense = aligned_bias(dense.to(device()));
        } else {
          bias.by_distance = table;
          matrix = table.unfold(1, length, 1).flip(1).unsqueeze(0);
        }
        expect_close(
            precision, [&](const auto& in) { return biased_attention(in[0], heads, bias); },
            [&](const auto& in) {
              const auto parts = in[0].chunk(3, -1);
              const at::Tensor scores =
                  at::matmul(heads_first(parts[0], heads), heads_first(parts[1], heads).transpose(2, 3));
              const at::Tensor weights = at::softmax(scores + matrix.to(at::kDouble), -1);
              return at::matmul(weights, heads_first(parts[2], heads)).transpose(1, 2).flatten(2);
            },
            {random_tensor({2, length, 3 * inner}, 1) / 3}, 1);
      }
    }
  }
}

}  // namespace
}  // namespace prelude
