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

  // Inputs of linear maps that nothing else keeps.
  std::int64_t encoder_inputs() const { return 2 * hidden_ + forward_; }
  std::int64_t decoder_inputs() const { return 3 * hidden_ + forward_; }
  // What a decoder's first sublayers keep where no prompt is above them alone.
  std::int64_t first_sublayers() const { return 2 * norm() + queries() + keys_values(); }

  // Highest in the backward of a layer's plain attention that is run again: of a score the probability, its gradient
  // and the score's, in float32.
  std::int64_t plain_attention_again(std::int64_t length) const { return 2 * hidden_ + 5 * heads_ + 3 * lse_ * length; }
  std::int64_t plain_scores(std::int64_t length, std::int64_t element_bytes) const {
    return lse_ / wide * (wide + element_bytes) * length;
  }

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

  // The same of a decoder layer whose weights train: at its feed-forward all of it is saved but what wo's gradient and
  // the last norm's have taken.
  std::int64_t decoder_layer_again() const {
    return encoder_layer() + queries() + decoder_inputs() - forward_ + in_forward();
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

// Bytes of biases: by distance, and as matrices where no kernel reads them by distance.
std::int64_t bias_bytes(const T5Config& config, const BatchShape& shape, const StepPlace& place, bool padded) {
  const std::int64_t matrices = padded ? shape.batch : 1;
  const std::int64_t by_distance = 2 * (shape.source + shape.target) - 2;
  const std::int64_t dense = matrices * bias_matrix(shape.source) + bias_matrix(shape.target);
  return place.element_bytes * (config.num_heads / place.tensor) *
         ((place.cpu_kernels ? 0 : dense) + (place.cpu_kernels || place.recompute ? by_distance : 0));
}

// What weights that train add to `memory`, a step's of a prompt; `decoder`: of it, without them.
void add_training(StepMemory& memory, const T5Config& config, const BatchShape& shape, const StepPlace& place,
                  bool padded, const DecoderBytes& decoder) {
  const TokenBytes token(config, place);
  const std::int64_t sources = shape.batch * shape.source;
  const std::int64_t targets = shape.batch * shape.target;
  const bool plain = place.plain_attention;
  if (!place.recompute) {
    memory.encoder += sources * config.num_layers * token.encoder_inputs();
    memory.decoder += targets * (config.num_decoder_layers * token.decoder_inputs() + token.first_sublayers()) +
                      sources * token.hidden();
  }
  if (plain && !place.recompute) {
    memory.encoder += sources * config.num_layers * token.plain_scores(shape.source, place.element_bytes);
    memory.decoder += targets * config.num_decoder_layers * token.plain_scores(shape.target, place.element_bytes);
    memory.bias = 0;  // an addition keeps nothing
  } else if (plain) {
    memory.bias += bias_bytes(config, shape, place, /*padded=*/false);  // its gradient, of all examples
  } else {
    // Its gradient, and that of the layer under way: of kernels a matrix an example.
    memory.bias *= 2 + (padded && !place.cpu_kernels ? 1 : shape.batch);
  }
  const std::int64_t row = config.d_model * place.element_bytes;
  const std::int64_t vocabulary = config.vocab_size * row;
  const std::int64_t matrix = row / place.tensor * std::max(2 * config.d_ff, 3 * config.inner());
  // Sums in float32 take a bfloat16 gradient as a float32 copy.
  const std::int64_t summed = place.element_bytes < wide ? 3 : 1;
  const std::int64_t in_encoder = place.recompute ? std::max(token.encoder_layer_again() + 2 * token.hidden(),
                                                             plain ? token.plain_attention_again(shape.source) : 0)
                                                  : token.encoder_gradients();
  const std::int64_t decoder_again =
      std::max(token.decoder_layer_again(), plain ? token.plain_attention_again(shape.target) : 0);
  memory.working = std::max(
      {std::max(sources * token.hidden() + logits_bytes(config, targets),
                config.tie_word_embeddings ? vocabulary : std::max<std::int64_t>(summed - 1, 1) * vocabulary) +
           vocabulary,
       decoder.layer_again + sources * token.keys_values() + (place.recompute ? targets * token.decoder_inputs() : 0) +
           matrix + (config.tie_word_embeddings ? vocabulary : 0),
       place.recompute ? sources * token.keys_values() + targets * decoder_again + matrix +
                             (config.tie_word_embeddings ? vocabulary : 0)
                       : 0,
       sources * in_encoder - memory.decoder + matrix + (config.tie_word_embeddings ? vocabulary : 0),
       summed * vocabulary - memory.decoder - memory.encoder});
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
  memory.bias = bias_bytes(config, shape, place, padded);
  if (place.trains) {
    add_training(memory, config, shape, place, padded, decoder);
    return memory;
  }
  // The encoder's output is alive until the loss is there.
  memory.working = std::max(
      {sources * token.hidden() + logits_bytes(config, targets), decoder.layer_again + sources * token.keys_values(),
       sources * (place.recompute ? token.encoder_layer_again() : token.encoder_gradients()) - memory.decoder});
  return memory;
}

std::int64_t trained_bytes(const T5Config& config, std::int64_t prompt_rows) {
  constexpr std::int64_t copies = 4;
  return wide * (copies * prompt_rows * config.d_model + summed_beside_gradient);
}

}  // namespace prelude
