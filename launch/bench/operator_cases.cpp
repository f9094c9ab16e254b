// The rows of launch/bench/operator_bench.h.
#include <ATen/ATen.h>

#include "core/ops/biased_attention.h"
#include "core/ops/cross_entropy.h"
#include "core/ops/frozen_linear.h"
#include "core/ops/gated_activation.h"
#include "core/ops/rms_norm.h"
#include "launch/bench/operator_bench.h"

namespace prelude {
namespace {

using Inputs = std::vector<at::Tensor>;

at::Tensor plain_norm(const at::Tensor& x, const at::Tensor& scale, double epsilon) {
  return x * (x.square().mean(-1, true) + epsilon).rsqrt() * scale;
}

at::Tensor plain_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& bias) {
  const at::Tensor scores = at::matmul(q, k.transpose(-1, -2));  // [B,H,S,M]
  return at::matmul(at::softmax(bias.defined() ? scores + bias : scores, -1), v);
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
    rows.push_back({fmt::format("frozen_linear {} {} -> {}", name, in, out),
                    {input({size.batch, size.source, in})},
                    [=](const Inputs& x) { return frozen_linear(x[0], weight); },
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
    const auto half = [&] { return input({size.batch, size.source, config.d_ff}); };
    rows.push_back({"gated_activation gelu",
                    {half(), half()},
                    [](const Inputs& x) { return gated_activation(x[0], x[1], Activation::gelu_tanh); },
                    [](const Inputs& x) { return at::gelu(x[0], "tanh") * x[1]; }});
  }

  // bias: [1,H,queries,keys], or undefined.
  void attention(const std::string& name, std::int64_t queries, std::int64_t keys, const at::Tensor& bias) {
    const auto heads = [&](std::int64_t length) { return input({size.batch, config.num_heads, length, config.d_kv}); };
    rows.push_back({fmt::format("biased_attention {}", name),
                    {heads(queries), heads(keys), heads(keys)},
                    [=](const Inputs& x) { return biased_attention(x[0], x[1], x[2], bias); },
                    [=](const Inputs& x) { return plain_attention(x[0], x[1], x[2], bias); }});
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
  table.linear("q, k, v", config.d_model, config.inner());
  table.linear("o", config.inner(), config.d_model);
  table.linear("wi", config.d_model, config.d_ff);
  table.linear("wo", config.d_ff, config.d_model);
  table.norm();
  table.gate();
  table.attention("encoder", size.source, size.source, table.frozen({1, config.num_heads, size.source, size.source}));
  table.attention("cross", size.target, size.source, {});
  table.cross_entropy();
  return std::move(table.rows);
}

}  // namespace prelude
