#include "core/ops/dense_attention.h"

#include <ATen/ATen.h>
#include <ATen/SDPBackend.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/error.h"
#include "core/ops/accumulate_type.h"
#include "core/ops/linear_map.h"
#include "core/ops/packed_heads.h"

namespace prelude {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// q, k and v lie side by side, so do their gradients: the tensor [B,S,3*H*K] that they are views of.
at::Tensor side_by_side(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const std::int64_t inner = q.size(2) * q.size(3);
  const std::int64_t first = q.storage_offset();
  ensure(k.is_alias_of(q) && v.is_alias_of(q) && k.storage_offset() == first + inner &&
             v.storage_offset() == first + 2 * inner && q.stride(1) == 3 * inner,
         "LibTorch did not put the gradients of q, k and v side by side");
  return at::as_strided(q, {q.size(0), q.size(1), 3 * inner}, {q.size(1) * 3 * inner, 3 * inner, 1}, first);
}

// The memory-efficient kernels without LibTorch's autograd, which lets several blocks of threads add to one gradient in
// any order unless every operator of the process must be deterministic, and which makes three gradients to concatenate.
struct EfficientAttention : torch::autograd::Function<EfficientAttention> {
  static constexpr std::int64_t no_mask_type = 0;  // sdp::CustomMaskType::NoCustomMask: the bias hides what it hides

  static at::Tensor forward(AutogradContext* context, at::TensorList packed, std::int64_t heads,
                            const std::optional<at::Tensor>& bias) {
    const PackedHeads in = unpack(packed, heads);
    std::optional<at::Tensor> wide;  // [B,H,S,M], a view
    if (bias) wide = bias->expand({in.q.size(0), heads, in.q.size(1), in.k.size(1)});
    const auto [output, log_sum_exp, seed, offset, queries, keys] = at::_efficient_attention_forward(
        in.q, in.k, in.v, wide, {}, {}, std::nullopt, std::nullopt, /*dropout_p=*/0.0, no_mask_type,
        /*compute_log_sumexp=*/true, /*scale=*/1.0);
    variable_list saved = packed.vec();
    saved.insert(saved.end(), {output.flatten(2), log_sum_exp, seed, offset, wide.value_or(at::Tensor())});
    context->save_for_backward(saved);
    context->saved_data["heads"] = heads;
    if (bias) context->saved_data["bias_shape"] = bias->sizes().vec();
    return saved[packed.size()];
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto rest = saved.end() - 5;  // output, log-sum-exp, seed, offset, bias
    const variable_list packed(saved.begin(), rest);
    const std::int64_t heads = context->saved_data["heads"].toInt();
    const PackedHeads in = unpack(packed, heads);
    const auto heads_of = [heads](const at::Tensor& x) { return x.contiguous().unflatten(2, {heads, -1}); };
    std::optional<at::Tensor> bias;
    if (rest[4].defined()) bias = rest[4];
    const bool bias_trains = bias && context->needs_input_grad(packed.size());
    const auto [q, k, v, to_bias] = at::_efficient_attention_backward(
        heads_of(gradients[0]), in.q, in.k, in.v, bias, heads_of(rest[0]), {}, {}, in.q.size(1), in.k.size(1), rest[1],
        /*dropout_p=*/0.0, rest[2], rest[3], no_mask_type, bias_trains, /*scale=*/1.0,
        /*num_splits_key=*/1, /*window_size=*/std::nullopt, /*shared_storage_dqdkdv=*/packed.size() == 1);
    variable_list results;
    if (packed.size() == 1) {
      results = {side_by_side(q, k, v)};
    } else if (packed.size() == 2) {
      results = {q.flatten(2), at::cat({k.flatten(2), v.flatten(2)}, -1)};
    } else {
      results = {q.flatten(2), k.flatten(2), v.flatten(2)};
    }
    at::Tensor bias_gradient;
    if (bias_trains) bias_gradient = at::sum_to(to_bias, context->saved_data["bias_shape"].toIntVector());
    results.insert(results.end(), {at::Tensor(), bias_gradient});
    return results;
  }
};

// softmax(q k^T + bias) v in plain operators, where no fused kernel makes the bias' gradient or drops weights.
// q [B,H,S,K], k and v [B,H,M,K] -> [B,H,S,K].
at::Tensor plain_attention(const variable_list& parts, const std::optional<at::Tensor>& bias,
                           const OnWeights& on_weights) {
  at::Tensor scores = at::matmul(parts[0], parts[1].transpose(2, 3));  // [B,H,S,M]
  const at::ScalarType type = scores.scalar_type();
  if (bias) scores = scores + *bias;
  at::Tensor weights = at::softmax(scores, -1, accumulate_type(type)).to(type);
  if (on_weights) weights = on_weights(weights);
  return at::matmul(weights, parts[2]);
}

// Which of its attentions LibTorch would take.
at::SDPBackend choice_of_libtorch(const PackedHeads& in, const std::optional<at::Tensor>& bias) {
  return static_cast<at::SDPBackend>(at::_fused_sdp_choice(in.q.transpose(1, 2), in.k.transpose(1, 2),
                                                           in.v.transpose(1, 2), bias, /*dropout_p=*/0.0,
                                                           /*is_causal=*/false, /*scale=*/1.0));
}

bool runs_efficient(at::TensorList packed, std::int64_t heads, const std::optional<at::Tensor>& bias) {
  if (!packed.front().is_cuda()) return false;
  const at::NoGradGuard no_graph;
  const PackedHeads in = unpack(packed, heads);
  const at::SDPBackend choice = choice_of_libtorch(in, bias);
  if (choice == at::SDPBackend::math) {  // it would make the matrix of scores, several times the memory
    TORCH_WARN_ONCE("attention runs unfused: no kernel for heads of width ", in.q.size(3), " in ", in.q.scalar_type());
  }
  return choice == at::SDPBackend::efficient_attention;
}

}  // namespace

at::Tensor dense_attention(at::TensorList packed, std::int64_t heads, const std::optional<at::Tensor>& bias,
                           const OnWeights& on_weights, bool fused) {
  if (!on_weights && runs_efficient(packed, heads, bias)) return EfficientAttention::apply(packed, heads, bias);
  variable_list parts(packed.begin(), packed.end() - 1);
  const auto held = static_cast<std::int64_t>(4 - packed.size());
  for (const at::Tensor& part : parts_of_product(packed.back(), held)) {
    parts.push_back(part);
  }
  for (at::Tensor& part : parts) part = part.unflatten(2, {heads, -1}).transpose(1, 2);  // [B,H,.,K]
  if (!fused || on_weights || (bias && bias->requires_grad())) {
    return plain_attention(parts, bias, on_weights).transpose(1, 2).flatten(2);
  }
  return at::scaled_dot_product_attention(parts[0], parts[1], parts[2], bias, /*dropout_p=*/0.0, /*is_causal=*/false,
                                          /*scale=*/1.0)
      .transpose(1, 2)
      .flatten(2);
}

}  // namespace prelude
