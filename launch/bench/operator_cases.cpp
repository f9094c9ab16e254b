// The rows of launch/bench/operator_bench.h.
#include <ATen/ATen.h>

#include "core/ops/biased_attention.h"
#include "core/ops/cross_entropy.h"
#include "core/ops/gated_activation.h"
#include "core/ops/linear_map.h"
#include "core/ops/rms_norm.h"
#include "core/t5/relative_bias.h"
#include "launch/bench/operator_bench.h"

namespace prelude {
namespace {

using Inputs = std::vector<at::Tensor>;

at::Tensor plain_norm(const at::Tensor& x, const at::Tensor& scale, double epsilon) {
  return x * (x.square().mean(-1, true) + epsilon).rsqrt() * scale;
}

// q [B,S,H*K], k and v [B,M,H*K], bias [1,H,S,M] or undefined -> [B,S,H*K].
at::Tensor plain_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t heads,
                           const at::Tensor& bias) {
  const auto split = [heads](const at::Tensor& x) { return x.unflatten(2, {heads, -1}).transpose(1, 2); };
  const at::Tensor scores = at::matmul(split(q), split(k).transpose(2, 3));  // [B,H,S,M]
  return at::matmul(at::softmax(bias.defined() ? scores + bias : scores, -1), split(v)).transpose(1, 2).flatten(2);
}

at::Tensor plain_cross_entropy(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& labels) {
  return at::cross_entropy_loss(at::linear(hidden, weight).to(at::kFloat), labels, {}, at::Reduction::Sum);
}

// The table is filled row by row; what a row's function captures is frozen.
struct Table {
  const T5Config& config;
  const OperatorBenchOptions& size;
  at::TensorOptions options;
  std::vector<OperatorCase> rows;

  at::Tensor frozen(at::IntArrayRef shape, double spread = 1) const { return at::randn(shape, options) * spread; }
  at::Tensor input(at::IntArrayRef shape) const { return frozen(shape).requires_grad_(); }

  void linear(const std::string& name, std::int64_t in, std::int64_t out) {
    const at::Tensor weight = frozen({out, in}, 0.05);
    rows.push_back({fmt::format("linear_map {} {} -> {}", name, in, out),
                    {input({size.batch, size.source, in})},
                    [=](const Inputs& x) { return linear_map(x[0], weight); },
                    [=](const Inputs& x) { return at::linear(x[0], weight); }});
  }

  void norm() {
    const at::Tensor scale = frozen({config.d_model});
    const double epsilon = config.layer_norm_epsilon;
    rows.push_back({"rms_norm",
                    {input({size.batch, size.source, config.d_model})},
                    [=](const Inputs& x) { return rms_norm(x[0], scale, epsilon); },
                    [=](const Inputs& x) { return plain_norm(x[0], scale, epsilon); }});
  }

  void gate() {
    rows.push_back({"gated_activation gelu",
                    {input({size.batch, size.source, 2 * config.d_ff})},
                    [](const Inputs& x) { return gated_activation(x[0], Activation::gelu_tanh); },
                    [](const Inputs& x) {
                      const auto halves = x[0].chunk(2, -1);
                      return at::gelu(halves[0], "tanh") * halves[1];
                    }});
  }

  // The encoder's, packed, with a bias by distance.
  void self_attention() {
    const std::int64_t heads = config.num_heads;
    AttentionBias bias{size.source, frozen({heads, 2 * size.source - 1}), false, {}, {}, {}};
    const at::Tensor matrix = dense_bias(bias.by_distance, false);  // [1,H,S,S]
    if (bias_is_dense(matrix)) bias.dense = matrix;
    rows.push_back({"biased_attention encoder",
                    {input({size.batch, size.source, 3 * config.inner()})},
                    [=](const Inputs& x) { return biased_attention(x[0], heads, bias); },
                    [=](const Inputs& x) {
                      const auto parts = x[0].chunk(3, -1);
                      return plain_attention(parts[0], parts[1], parts[2], heads, matrix);
                    }});
  }

  // The decoder's, over the encoder's output; no bias.
  void cross_attention() {
    const std::int64_t heads = config.num_heads;
    const AttentionBias bias{size.source, {}, false, {}, {}, {}};
    rows.push_back(
        {"biased_attention cross",
         {input({size.batch, size.target, config.inner()}), input({size.batch, size.source, 2 * config.inner()})},
         [=](const Inputs& x) { return biased_attention(x[0], x[1], heads, bias); },
         [=](const Inputs& x) {
           const auto parts = x[1].chunk(2, -1);
           return plain_attention(x[0], parts[0], parts[1], heads, {});
         }});
  }

  void cross_entropy() {
    constexpr std::int64_t ignored = -100;
    const std::int64_t rows_of_hidden = size.batch * size.target;
    const at::Tensor weight = frozen({config.vocab_size, config.d_model}, 0.05);
    const at::Tensor labels = at::randint(config.vocab_size, {rows_of_hidden}, options.dtype(at::kLong));
    rows.push_back({"cross_entropy_sum",
                    {input({rows_of_hidden, config.d_model})},
                    [=](const Inputs& x) { return cross_entropy_sum(x[0], weight, labels, ignored); },
                    [=](const Inputs& x) { return plain_cross_entropy(x[0], weight, labels); }});
  }
};

}  // namespace

std::vector<OperatorCase> operator_cases(const T5Config& config, const Session& session,
                                         const OperatorBenchOptions& size) {
  Table table{config, size, at::TensorOptions(session.device).dtype(session.dtype), {}};
  table.linear("q k v", config.d_model, 3 * config.inner());
  table.linear("o", config.inner(), config.d_model);
  table.linear("wi_0 wi_1", config.d_model, 2 * config.d_ff);
  table.linear("wo", config.d_ff, config.d_model);
  table.norm();
  table.gate();
  table.self_attention();
  table.cross_attention();
  table.cross_entropy();
  return std::move(table.rows);
}

}  // namespace prelude
