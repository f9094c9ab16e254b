#include "core/t5/model.h"

#include <ATen/ATen.h>

#include <array>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/ops/cross_entropy.h"
#include "core/ops/linear_map.h"
#include "core/t5/quantise.h"
#include "core/t5/relative_bias.h"
#include "core/t5/stack.h"

namespace prelude {
namespace {

// hidden * d_model^-0.5 where the config asks for it (T5 with tied output), [...,D].
at::Tensor scale_output(const at::Tensor& hidden, const T5Config& config) {
  return config.scale_decoder_outputs ? hidden * (1.0 / std::sqrt(static_cast<double>(config.d_model))) : hidden;
}

}  // namespace

Model::Model(T5Config config, Weights weights, const TensorParallel& parallel)
    : config_(config), weights_(std::move(weights)), parallel_(&parallel) {
  for (const WeightSlot& slot : weight_slots(config_, weights_)) {
    const at::Tensor& tensor = slot.tensor.get();
    if (slot.layer >= 0 && weights_.encoder.source) continue;  // in slices, which the source knows
    ensure(tensor.defined() && tensor.sizes() == at::IntArrayRef(local_shape(slot, parallel.size())),
           "weight {} is missing or misshapen", slot.name);
    ensure(trains() || !tensor.requires_grad(), "weight {} requires a gradient; the backbone is frozen", slot.name);
  }
  fuse_weights(weights_);
  for (StackWeights* stack : {&weights_.encoder, &weights_.decoder}) {
    const std::int64_t length = config_.relative_attention_max_distance + 1;
    stack->reach_buckets = distance_buckets(length, /*bidirectional=*/stack == &weights_.encoder, config_)
                               .to(stack->relative_bias.device());
    if (!trains()) stack->reach = bucket_bias(stack->relative_bias, stack->reach_buckets);
  }
  if (config_.tie_word_embeddings) weights_.lm_head = weights_.embedding;
}

void Model::quantise_layers() { prelude::quantise_layers(weights_); }

at::Tensor Model::reach(StackKind kind) const {
  const StackWeights& stack = kind == StackKind::encoder ? weights_.encoder : weights_.decoder;
  return stack.reach.defined() ? stack.reach : bucket_bias(stack.relative_bias, stack.reach_buckets);
}

EncoderOutput Model::encode(const at::Tensor& source_ids, const at::Tensor& source_lengths, const DeltaSites& sites,
                            bool full, const DropoutSites& dropout) const {
  EncoderInput input{at::embedding(weights_.embedding, source_ids), source_ids, source_lengths, full};
  if (sites.uses(Site::encoder_input)) input = sites.delta().encoder_input(std::move(input), sites.task_ids());
  const std::int64_t length = input.embeddings.size(1);
  const AttentionBias bias = self_attention_bias(reach(StackKind::encoder), length,
                                                 input.full ? at::Tensor() : input.lengths, true, dropout.on());
  at::Tensor hidden = run_stack(StackKind::encoder, config_, weights_.encoder, input.embeddings,
                                {bias, {}, {}, dropout}, *parallel_, sites, recompute_);
  if (sites.uses(Site::encoder_output)) hidden = sites.delta().encoder_output(std::move(hidden), input.lengths);
  return {std::move(hidden), input.lengths, input.full};
}

at::Tensor Model::decode(const at::Tensor& decoder_ids, const EncoderOutput& encoded, const DeltaSites& sites,
                         const DropoutSites& dropout) const {
  at::Tensor hidden = at::embedding(weights_.embedding, decoder_ids);  // [B,T,D]
  StackInputs inputs;
  // Padding is on the right, so the causal mask alone keeps it from every real position.
  inputs.self_bias =
      self_attention_bias(reach(StackKind::decoder), decoder_ids.size(1), {}, /*bidirectional=*/false, dropout.on());
  inputs.memory = parallel_->copy_to(encoded.hidden);
  inputs.cross_bias =
      cross_attention_bias(encoded.hidden.size(1), encoded.full ? at::Tensor() : encoded.lengths, hidden, dropout.on());
  inputs.dropout = dropout;
  return run_stack(StackKind::decoder, config_, weights_.decoder, std::move(hidden), inputs, *parallel_, sites,
                   recompute_);
}

at::Tensor Model::logits(const at::Tensor& hidden) const {
  return linear_map(scale_output(hidden, config_), weights_.lm_head);
}

at::Tensor Model::loss_sum(const Batch& batch, const DeltaSites& sites, const DropoutSites& dropout) const {
  const bool full = batch.source_tokens == batch.source_ids.numel();
  const EncoderOutput encoded = encode(batch.source_ids, batch.source_lengths, sites, full, dropout);
  const at::Tensor hidden = scale_output(decode(batch.decoder_ids, encoded, sites, dropout), config_);
  return cross_entropy_sum(hidden.flatten(0, 1), weights_.lm_head, batch.labels.flatten(), Batch::ignored_label);
}

void Model::pass_idly(std::int64_t passes) const {
  const std::array<const StackWeights*, 2> up{&weights_.encoder, &weights_.decoder};
  for (; passes > 0; --passes) {
    for (const StackWeights* stack : up) {
      for (std::size_t i = 0; i < stack->layers.size(); ++i) stack->layer(i);
    }
    if (!at::GradMode::is_enabled()) continue;
    for (const StackWeights* stack : {up[1], up[0]}) {
      for (std::size_t i = stack->layers.size(); i > 0; --i) stack->layer(i - 1);
    }
  }
}

}  // namespace prelude
