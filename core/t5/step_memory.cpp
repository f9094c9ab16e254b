#include "core/t5/step_memory.h"

#include <algorithm>

#include "core/ops/cross_entropy.h"

namespace prelude {
namespace {

constexpr std::int64_t wide = 4;  // bytes of a statistic

// Bytes a token that a rank's operators save.
class TokenBytes {
 public:
  TokenBytes(const T5Config& config, const StepPlace& place)
      : d_model_(config.d_model),
        hidden_(config.d_model * place.element_bytes),
        heads_(config.inner() / place.tensor * place.element_bytes),
        lse_(config.num_heads / place.tensor * wide),
        forward_(config.d_ff / place.tensor * place.element_bytes),
        halves_(config.gated ? 2 : 1),
        cpu_kernels_(place.cpu_kernels) {}

  std::int64_t norm() const { return hidden_ + wide; }
  std::int64_t queries() const { return 2 * heads_ + lse_; }  // q and output
  std::int64_t keys_values() const { return 2 * heads_; }
  std::int64_t feed_forward() const { return norm() + halves_ * forward_; }
  std::int64_t hidden() const { return hidden_; }

  std::int64_t encoder_layer() const { return norm() + queries() + keys_values() + feed_forward(); }

  // Most that an encoder layer's backward holds beside what is saved: the residual's gradient and, in the feed-forward,
  // gradients of the intermediate and its halves; in attention, of its output and of q, k, v; in a norm, of its input
  // and output. By then the last norm has given back what it saved.
  std::int64_t encoder_gradients() const {
    return hidden_ + std::max({in_norm(), in_forward(), in_attention()}) - norm();
  }

  // The same of a layer that is run again, with what it saves beside its input, its output and the gradient of that;
  // what the feed-forward saved is free by the time that its norm comes.
  std::int64_t encoder_layer_again() const {
    const std::int64_t forward =
        std::max({in_forward(), in_norm() - halves_ * forward_, in_attention() - feed_forward()});
    return 2 * hidden_ + forward + encoder_layer() - norm();
  }

 private:
  std::int64_t in_norm() const {
    const std::int64_t temporaries = hidden_ < wide * d_model_ ? 4 : 3;  // of LibTorch's operators, in float32
    return cpu_kernels_ ? 2 * hidden_ : hidden_ + temporaries * wide * d_model_;
  }
  std::int64_t in_forward() const { return (cpu_kernels_ ? halves_ + 1 : halves_ == 2 ? 5 : 2) * forward_; }
  std::int64_t in_attention() const { return (cpu_kernels_ ? 4 : 7) * heads_; }

  std::int64_t d_model_;
  std::int64_t hidden_;   // [D]
  std::int64_t heads_;    // [H*K], this rank's
  std::int64_t lse_;      // [H], this rank's
  std::int64_t forward_;  // [F], this rank's
  std::int64_t halves_;
  bool cpu_kernels_;
};

std::int64_t encoder_bytes(const T5Config& config, const TokenBytes& token, std::int64_t tokens, bool recompute) {
  return tokens * (config.num_layers * (recompute ? token.hidden() : token.encoder_layer()) + token.norm());
}

struct DecoderBytes {
  std::int64_t saved;
  std::int64_t layer_again;  // of one layer, beside its input, while it is run again; 0 where none is
};

DecoderBytes decoder_bytes(const T5Config& config, const TokenBytes& token, std::int64_t tokens,
                           std::int64_t memory_tokens, bool recompute) {
  const std::int64_t self = token.norm() + token.queries() + token.keys_values();
  const std::int64_t cross = token.norm() + token.queries();
  const std::int64_t layer = self + cross + token.feed_forward();
  const std::int64_t layers = config.num_decoder_layers;
  const std::int64_t output = token.norm() + token.hidden();  // last norm; the gradient that cross_entropy_sum keeps
  if (recompute) {
    // A gradient of the encoder's output is made by the layer and added to the layers' before.
    return {tokens * (layers * token.hidden() + output) + memory_tokens * token.hidden(),
            tokens * (layer - token.hidden()) + memory_tokens * (token.keys_values() + 2 * token.hidden())};
  }
  // The first layer's self-attention and the norm before its cross-attention do not depend on the prompt: no graph.
  const std::int64_t spared = self + token.norm();
  return {tokens * (layers * layer - spared + output) + memory_tokens * layers * token.keys_values(), 0};
}

// Numbers of a bias matrix, whose rows aligned_bias pads to multiples of 8.
std::int64_t bias_matrix(std::int64_t length) { return length * ((length + 7) / 8 * 8); }

// Logits in float32 and what log-sum-exp makes beside them.
std::int64_t logits_bytes(const T5Config& config, std::int64_t tokens) {
  const std::int64_t block = std::max<std::int64_t>(1, logits_at_once / config.vocab_size);
  return 2 * wide * std::min(tokens, block) * config.vocab_size;
}

}  // namespace

StepMemory step_memory(const T5Config& config, const BatchShape& shape, const StepPlace& place, bool padded) {
  const TokenBytes token(config, place);
  const std::int64_t sources = shape.batch * shape.source;
  const std::int64_t targets = shape.batch * shape.target;
  StepMemory memory;
  const DecoderBytes decoder = decoder_bytes(config, token, targets, sources, place.recompute);
  memory.encoder = encoder_bytes(config, token, sources, place.recompute);
  memory.decoder = decoder.saved;
  const std::int64_t heads = config.num_heads / place.tensor;
  const std::int64_t matrices = padded ? shape.batch : 1;
  const std::int64_t by_distance = 2 * (shape.source + shape.target) - 2;
  const std::int64_t dense = matrices * bias_matrix(shape.source) + bias_matrix(shape.target);
  memory.bias = place.element_bytes * heads *
                ((place.cpu_kernels ? 0 : dense) + (place.cpu_kernels || place.recompute ? by_distance : 0));
  // The encoder's output is alive until the loss is there.
  memory.working = std::max(
      {sources * token.hidden() + logits_bytes(config, targets), decoder.layer_again + sources * token.keys_values(),
       sources * (place.recompute ? token.encoder_layer_again() : token.encoder_gradients()) - memory.decoder});
  return memory;
}

std::int64_t trained_bytes(const T5Config& config, std::int64_t prompt_rows) {
  constexpr std::int64_t copies = 4;
  constexpr std::int64_t sums = 4;
  return wide * (copies * prompt_rows * config.d_model + sums);
}

}  // namespace prelude
