#include "core/ops/biased_attention.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/ops/cpu/kernels.h"
#include "core/ops/cpu/runs_here.h"
#include "core/ops/dense_attention.h"
#include "core/ops/packed_heads.h"

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

cpu::HeadLayout layout_of(const at::Tensor& x) { return {x.stride(0), x.stride(1), x.stride(2)}; }

cpu::Attention describe(const PackedHeads& in, const AttentionBias& bias) {
  cpu::Attention a;
  a.heads = in.q.size(2);
  a.queries = in.q.size(1);
  a.keys = in.k.size(1);
  a.width = in.q.size(3);
  a.q = in.q.const_data_ptr<float>();
  a.k = in.k.const_data_ptr<float>();
  a.v = in.v.const_data_ptr<float>();
  a.q_layout = layout_of(in.q);
  a.k_layout = layout_of(in.k);
  a.v_layout = layout_of(in.v);
  a.positions = bias.positions;
  a.first_key = a.keys - bias.positions;
  a.causal = bias.causal;
  if (bias.by_distance.defined()) a.by_distance = bias.by_distance.const_data_ptr<float>();
  if (bias.key_lengths.defined()) a.key_lengths = bias.key_lengths.const_data_ptr<std::int64_t>();
  if (bias.query_lengths.defined()) a.query_lengths = bias.query_lengths.const_data_ptr<std::int64_t>();
  return a;
}

// Profilers see the sizes of q and k.
#define PRELUDE_RECORD(name, in) \
  RECORD_FUNCTION(name, std::vector<c10::IValue>({(in).q.transpose(1, 2), (in).k.transpose(1, 2)}))

struct KernelAttention : torch::autograd::Function<KernelAttention> {
  // `by_distance`: the bias's own, for its gradient.
  static at::Tensor forward(AutogradContext* context, at::TensorList packed,
                            const std::optional<at::Tensor>& /*by_distance*/, std::int64_t heads,
                            const AttentionBias& bias) {
    const PackedHeads in = unpack(packed, heads);
    PRELUDE_RECORD("prelude::attention", in);
    at::Tensor output = at::empty(in.q.sizes(), in.q.options());                                     // [B,S,H,K]
    at::Tensor log_sum_exp = at::empty({in.q.size(0), in.q.size(2), in.q.size(1)}, in.q.options());  // [B,H,S]
    const cpu::Attention a = describe(in, bias);
    float* const to = output.mutable_data_ptr<float>();
    float* const lse = log_sum_exp.mutable_data_ptr<float>();
    cpu::share_out(in.q.size(0) * a.heads, 1, [&](std::int64_t begin, std::int64_t end) {
      cpu::kernels().attention(a, begin, end, to, layout_of(output), lse);
    });
    variable_list saved = packed.vec();
    output = output.flatten(2);
    saved.insert(saved.end(), {output, log_sum_exp, bias.by_distance, bias.key_lengths, bias.query_lengths});
    context->save_for_backward(saved);
    context->saved_data["heads"] = heads;
    context->saved_data["positions"] = bias.positions;
    context->saved_data["causal"] = bias.causal;
    return output;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto rest = saved.end() - 5;  // output, log-sum-exp, bias, lengths
    const variable_list packed(saved.begin(), rest);
    const std::int64_t heads = context->saved_data["heads"].toInt();
    const AttentionBias bias{context->saved_data["positions"].toInt(),
                             rest[2],
                             context->saved_data["causal"].toBool(),
                             rest[3],
                             rest[4],
                             {}};
    const PackedHeads in = unpack(packed, heads);
    PRELUDE_RECORD("prelude::attention_gradient", in);
    variable_list results;
    results.reserve(packed.size());
    for (const at::Tensor& tensor : packed) results.push_back(at::empty(tensor.sizes(), tensor.options()));
    const PackedHeads to = unpack(results, heads);
    const at::Tensor output_gradient = gradients[0].contiguous();
    const cpu::Attention a = describe(in, bias);
    cpu::AttentionGradients g;
    g.output = rest[0].const_data_ptr<float>();
    g.output_gradient = output_gradient.const_data_ptr<float>();
    g.output_layout = layout_of(rest[0].unflatten(2, {heads, -1}));
    g.log_sum_exp = rest[1].const_data_ptr<float>();
    g.q = to.q.mutable_data_ptr<float>();
    g.k = to.k.mutable_data_ptr<float>();
    g.v = to.v.mutable_data_ptr<float>();
    g.q_layout = layout_of(to.q);
    g.k_layout = layout_of(to.k);
    g.v_layout = layout_of(to.v);
    at::Tensor to_bias;  // [B,H,2*positions-1]
    if (bias.by_distance.defined() && context->needs_input_grad(packed.size())) {
      to_bias = at::zeros({in.q.size(0), heads, 2 * bias.positions - 1}, in.q.options());
      g.by_distance = to_bias.mutable_data_ptr<float>();
    }
    cpu::share_out(in.q.size(0) * a.heads, 1,
                   [&](std::int64_t begin, std::int64_t end) { cpu::kernels().attention_gradient(a, g, begin, end); });
    if (to_bias.defined()) to_bias = to_bias.sum(0);
    results.insert(results.end(), {to_bias, at::Tensor(), at::Tensor()});
    return results;
  }
};

bool all_finite(const at::Tensor& x) {
  const at::NoGradGuard no_graph;
  return !x.defined() || std::isfinite(x.sum().item<double>());  // a sum in another type would make a copy
}

// LibTorch's fused attention on the CPU loses NaN: a row of scores that are all NaN counts as one of hidden keys where
// the keys are fewer than a vector has lanes, and its e^x of bfloat16 makes a number of NaN.
bool fused_may_lose_nan(const variable_list& packed, const AttentionBias& bias) {
  return packed.front().is_cpu() &&
         !(std::all_of(packed.begin(), packed.end(), all_finite) && all_finite(bias.by_distance));
}

at::Tensor attend(const variable_list& packed, std::int64_t heads, const AttentionBias& bias,
                  const OnWeights& on_weights) {
  if (on_weights || bias_is_dense(packed.front())) {
    std::optional<at::Tensor> mask;
    if (bias.dense.defined()) mask = aligned_bias(bias.dense, packed.back().size(1) - bias.positions);
    return dense_attention(packed, heads, mask, on_weights, /*fused=*/!fused_may_lose_nan(packed, bias));
  }
  const auto by_distance = bias.by_distance.defined() ? std::optional(bias.by_distance) : std::nullopt;
  return KernelAttention::apply(at::TensorList(packed), by_distance, heads, bias);
}

}  // namespace

bool bias_is_dense(const at::Tensor& like) { return !cpu::runs_here({like}); }

at::Tensor aligned_bias(const at::Tensor& dense, std::int64_t before) {
  constexpr std::int64_t unit = 8;  // LibTorch asks for the same: aten/src/ATen/native/transformers/attention.cpp
  const auto strides = dense.strides();
  const bool aligned = std::all_of(strides.begin(), strides.end() - 1, [](auto stride) { return stride % unit == 0; });
  if (before == 0 && aligned && strides.back() == 1) return dense;
  const std::int64_t columns = before + dense.size(-1);
  return at::constant_pad_nd(dense, {before, (unit - columns % unit) % unit}).narrow(-1, 0, columns);
}

at::Tensor biased_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t heads,
                            const AttentionBias& bias, const OnWeights& on_weights) {
  return attend({q.contiguous(), k.contiguous(), v.contiguous()}, heads, bias, on_weights);
}

at::Tensor biased_attention(const at::Tensor& q, const at::Tensor& keys_values, std::int64_t heads,
                            const AttentionBias& bias, const OnWeights& on_weights) {
  return attend({q.contiguous(), keys_values.contiguous()}, heads, bias, on_weights);
}

at::Tensor biased_attention(const at::Tensor& queries_keys_values, std::int64_t heads, const AttentionBias& bias,
                            const OnWeights& on_weights) {
  return attend({queries_keys_values.contiguous()}, heads, bias, on_weights);
}

}  // namespace prelude
