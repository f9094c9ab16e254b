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

  // Most that an encoder layer's backward holds beside what is saved: the residual's gradient and, in the feed-forward,
  // gradients of the intermediate and its halves; in attention, of its output and of q, k, v; in a norm, of its input
  // and output. By then the last norm has given back what it saved.
  std::int64_t encoder_gradients() const {
    const std::int64_t temporaries = hidden_ < wide * d_model_ ? 4 : 3;  // of LibTorch's operators, in float32
    const std::int64_t in_norm = cpu_kernels_ ? 2 * hidden_ : hidden_ + temporaries * wide * d_model_;
    const std::int64_t in_forward = (cpu_kernels_ ? halves_ + 1 : halves_ == 2 ? 5 : 2) * forward_;
    const std::int64_t in_attention = (cpu_kernels_ ? 4 : 7) * heads_;
    return hidden_ + std::max({in_norm, in_forward, in_attention}) - norm();
  }

 private:
  std::int64_t d_model_;
  std::int64_t hidden_;   // [D]
  std::int64_t heads_;    // [H*K], this rank's
  std::int64_t lse_;      // [H], this rank's
  std::int64_t forward_;  // [F], this rank's
  std::int64_t halves_;
  bool cpu_kernels_;
};

std::int64_t encoder_bytes(const T5Config& config, const TokenBytes& token, std::int64_t tokens) {
  const std::int64_t attention = token.norm() + token.queries() + token.keys_values();
  return tokens * (config.num_layers * (attention + token.feed_forward()) + token.norm());
}

std::int64_t decoder_bytes(const T5Config& config, const TokenBytes& token, std::int64_t tokens,
                           std::int64_t memory_tokens) {
  const std::int64_t self = token.norm() + token.queries() + token.keys_values();
  const std::int64_t cross = token.norm() + token.queries();
  const std::int64_t layers = config.num_decoder_layers;
  // The first layer's self-attention and the norm before its cross-attention do not depend on the prompt: no graph.
  const std::int64_t spared = self + token.norm();
  const std::int64_t output = token.norm() + token.hidden();  // last norm; the gradient that cross_entropy_sum keeps
  return tokens * (layers * (self + cross + token.feed_forward()) - spared + output) +
         memory_tokens * layers * token.keys_values();
}

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
  memory.encoder = encoder_bytes(config, token, sources);
  memory.decoder = decoder_bytes(config, token, targets, sources);
  const std::int64_t heads = config.num_heads / place.tensor;
  const std::int64_t matrices = padded ? shape.batch : 1;
  memory.bias = place.element_bytes * heads *
                (place.cpu_kernels ? 2 * (shape.source + shape.target) - 2
                                   : matrices * shape.source * shape.source + shape.target * shape.target);
  // The encoder's output is alive until the loss is there.
  memory.working = std::max({sources * token.hidden() + logits_bytes(config, targets), sources * token.keys_values(),
                             sources * token.encoder_gradients() - memory.decoder});
  return memory;
}

std::int64_t trained_bytes(const T5Config& config, std::int64_t prompt_rows) {
  constexpr std::int64_t copies = 4;
  constexpr std::int64_t sums = 4;
  return wide * (copies * prompt_rows * config.d_model + sums);
}

}  // namespace prelude
