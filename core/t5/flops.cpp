#include "core/t5/flops.h"

namespace prelude {
namespace {

// Both matrices into the intermediate (gated) or one, and the one back.
std::int64_t feed_forward_weights(const T5Config& config) {
  return (config.gated ? 3 : 2) * config.d_model * config.d_ff;
}

double attention_flops(const T5Config& config, std::int64_t source, std::int64_t target) {
  const auto s = static_cast<double>(source);
  const auto t = static_cast<double>(target);
  const auto encoder = static_cast<double>(config.num_layers) * s * s;
  const auto decoder = static_cast<double>(config.num_decoder_layers) * (t * t + s * t);
  return 4.0 * static_cast<double>(config.inner()) * (encoder + decoder);
}

double weight_flops(const T5Config& config, std::int64_t source, std::int64_t target) {
  return 2.0 * (static_cast<double>(source) * static_cast<double>(encoder_token_weights(config)) +
                static_cast<double>(target) * static_cast<double>(decoder_token_weights(config)));
}

}  // namespace

std::int64_t encoder_token_weights(const T5Config& config) {
  const std::int64_t projection = config.d_model * config.inner();
  return config.num_layers * (4 * projection + feed_forward_weights(config)) +
         config.num_decoder_layers * 2 * projection;
}

std::int64_t decoder_token_weights(const T5Config& config) {
  const std::int64_t projection = config.d_model * config.inner();
  return config.num_decoder_layers * (6 * projection + feed_forward_weights(config)) +
         config.vocab_size * config.d_model;
}

double forward_flops(const T5Config& config, std::int64_t source, std::int64_t target) {
  return weight_flops(config, source, target) + attention_flops(config, source, target);
}

double step_flops(const T5Config& config, std::int64_t source, std::int64_t target) {
  return 2.0 * weight_flops(config, source, target) + 3.0 * attention_flops(config, source, target);
}

std::vector<MatrixProduct> weight_products(const T5Config& config, std::int64_t batch, std::int64_t source,
                                           std::int64_t target) {
  const std::int64_t d = config.d_model;
  const std::int64_t inner = config.inner();
  const std::int64_t up = config.gated ? 2 : 1;
  const std::int64_t encoder = config.num_layers;
  const std::int64_t decoder = config.num_decoder_layers;
  return {
      {batch * source, d, inner, 3 * encoder + 2 * decoder},  // q, k, v; cross k, v
      {batch * source, inner, d, encoder},                    // o
      {batch * source, d, config.d_ff, up * encoder},
      {batch * source, config.d_ff, d, encoder},
      {batch * target, d, inner, 4 * decoder},  // q, k, v; cross q
      {batch * target, inner, d, 2 * decoder},  // o; cross o
      {batch * target, d, config.d_ff, up * decoder},
      {batch * target, config.d_ff, d, decoder},
      {batch * target, d, config.vocab_size, 1},
  };
}

}  // namespace prelude
