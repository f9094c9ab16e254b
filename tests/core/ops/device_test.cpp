// The operators on a device, in the types that they run there, against float64 on the CPU.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/ops/biased_attention.h"
#include "core/ops/cross_entropy.h"
#include "core/ops/dropout.h"
#include "core/ops/gated_activation.h"
#include "core/ops/linear_map.h"
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

// The CPU's mask, whose bits other tests hold.
TEST_F(OperatorsOnDevice, Dropout) {
  const at::Tensor keys = dropout_keys(7, std::vector<std::int64_t>{3, 5});
  for (const std::int64_t width : {1, 8, 31, 1000, 4097}) {
    SCOPED_TRACE(width);
    const DropoutPlace place{2, width, 1};
    for (const Precision& precision : precisions) {
      expect_close(
          precision, [&](const auto& in) { return dropout(in[0], 0.1, keys.to(in[0].device()), place); },
          [&](const auto& in) { return dropout(in[0], 0.1, keys, place); }, {random_tensor({2, 3, 7, width}, 1)}, 1);
    }
  }
}

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

TEST_F(OperatorsOnDevice, LinearMap) {
  for (const Precision& precision : precisions) {
    expect_close(
        precision, [](const auto& in) { return linear_map_plus(in[1], in[0], in[2]); },
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

// q k v of [B,S,H*K], each its own input or side by side, as the operator takes them.
at::Tensor exact_attention(const std::vector<at::Tensor>& in, std::int64_t heads, const at::Tensor& bias) {
  const at::Tensor& last = in.back();
  const auto rest = last.chunk(static_cast<std::int64_t>(4 - in.size()), -1);
  std::vector<at::Tensor> parts(in.begin(), in.end() - 1);
  parts.insert(parts.end(), rest.begin(), rest.end());
  const at::Tensor scores = at::matmul(heads_first(parts[0], heads), heads_first(parts[1], heads).transpose(2, 3));
  const at::Tensor weights = at::softmax(scores + bias.to(at::kDouble), -1);
  return at::matmul(weights, heads_first(parts[2], heads)).transpose(1, 2).flatten(2);
}

at::Tensor our_attention(const std::vector<at::Tensor>& in, std::int64_t heads, const AttentionBias& bias) {
  if (in.size() == 1) return biased_attention(in[0], heads, bias);
  if (in.size() == 2) return biased_attention(in[0], in[1], heads, bias);
  return biased_attention(in[0], in[1], in[2], heads, bias);
}

class AttentionOnDevice : public OperatorsOnDevice {
 protected:
  static constexpr std::int64_t heads = 3;
  static constexpr std::int64_t inner = heads * 64;
  static constexpr Precision attention_precisions[] = {{at::kFloat, 2e-4}, {at::kBFloat16, 3e-2}};

  // As open_session leaves it.
  void SetUp() override {
    OperatorsOnDevice::SetUp();
    at::globalContext().setSDPUseCuDNN(false);
    at::globalContext().setSDPUseFlash(false);
  }
  void TearDown() override {
    at::globalContext().setSDPUseCuDNN(true);
    at::globalContext().setSDPUseFlash(true);
  }

  bool takes_dense(at::ScalarType type) const {
    return bias_is_dense(at::empty({0}, at::TensorOptions(device()).dtype(type)));
  }

  // Random q, k and v in `tensors` tensors.
  static std::vector<at::Tensor> packed(std::int64_t tensors, std::int64_t queries, std::int64_t keys) {
    std::vector<at::Tensor> in;
    for (std::int64_t i = 0; i < tensors; ++i) {
      const std::int64_t held = i + 1 == tensors ? 4 - tensors : 1;
      in.push_back(random_tensor({2, i == 0 ? queries : keys, held * inner}, static_cast<std::uint64_t>(i)) / 3);
    }
    return in;
  }
};

// A bias of every head and, for padding, of every example; lengths that fused kernels like and others.
TEST_F(AttentionOnDevice, WithABias) {
  for (const std::int64_t length : {2, 7, 64, 130}) {
    for (const std::int64_t examples : {1, 2}) {
      for (const std::int64_t tensors : {1, 2, 3}) {
        SCOPED_TRACE(fmt::format("length {}, bias of {} examples, {} tensors", length, examples, tensors));
        for (const Precision& precision : attention_precisions) {
          const at::Tensor table = random_tensor({heads, 2 * length - 1}, 5).to(precision.type);
          AttentionBias bias{length, table, false, {}, {}, {}};
          at::Tensor matrix = table.unfold(1, length, 1).flip(1).unsqueeze(0);
          if (takes_dense(precision.type)) {
            matrix = random_tensor({examples, heads, length, length}, 4).to(precision.type);
            bias.dense = aligned_bias(matrix.to(device()));
          }
          expect_close(
              precision, [&](const auto& in) { return our_attention(in, heads, bias); },
              [&](const auto& in) { return exact_attention(in, heads, matrix); }, packed(tensors, length, length),
              static_cast<std::size_t>(tensors));
        }
      }
    }
  }
}

TEST_F(AttentionOnDevice, OverOtherKeysOfWhichSomeAreHidden) {
  constexpr std::int64_t queries = 5;
  constexpr std::int64_t keys = 77;
  for (const bool hides : {false, true}) {
    for (const Precision& precision : attention_precisions) {
      at::Tensor matrix = at::zeros({2, 1, 1, keys}, precision.type);
      AttentionBias bias{keys, {}, false, {}, {}, {}};
      if (hides) {
        matrix[1].narrow(-1, 40, keys - 40).fill_(-1e30);
        bias.key_lengths = at::tensor({keys, std::int64_t{40}}, at::kLong);
        if (takes_dense(precision.type)) bias.dense = aligned_bias(matrix.to(device()));
      }
      expect_close(
          precision, [&](const auto& in) { return our_attention(in, heads, bias); },
          [&](const auto& in) { return exact_attention(in, heads, matrix); }, packed(2, queries, keys), 2);
    }
  }
}

// A resumed run must end in the same bits.
TEST_F(AttentionOnDevice, RepeatsItsBits) {
  constexpr std::int64_t length = 500;
  const at::TensorOptions where = at::TensorOptions(device()).dtype(at::kBFloat16);
  const AttentionBias bias{length, {}, false,
                           {},     {}, aligned_bias(random_tensor({1, heads, length, length}, 4).to(where))};
  const std::vector<at::Tensor> in{packed(1, length, length)[0].to(where)};
  const Operator ours = [&](const auto& x) { return our_attention(x, heads, bias); };
  const Outcome first = run(ours, in, 1);
  for (int again = 0; again < 3; ++again) {
    const Outcome other = run(ours, in, 1);
    EXPECT_TRUE(at::equal(first.value, other.value));
    EXPECT_TRUE(at::equal(first.gradients[0], other.gradients[0]));
  }
}

}  // namespace
}  // namespace prelude
