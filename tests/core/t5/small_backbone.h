// A small random backbone with odd sizes, and batches for it.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "core/t5/initialise.h"
#include "core/t5/model.h"
#include "tests/core/random_tensor.h"

namespace prelude::test {

// Gated GELU, untied, 3 heads of 5 on a width of 12, 3 encoder and 2 decoder layers, few buckets.
inline T5Config small_config() {
  T5Config config;
  config.vocab_size = 29;
  config.d_model = 12;
  config.d_kv = 5;
  config.num_heads = 3;
  config.d_ff = 17;
  config.num_layers = 3;
  config.num_decoder_layers = 2;
  config.relative_attention_num_buckets = 8;
  config.relative_attention_max_distance = 12;
  config.gated = true;
  config.activation = Activation::gelu_tanh;
  config.tie_word_embeddings = false;
  config.scale_decoder_outputs = false;
  return config;
}

// Norms and position tables are spread, so that a forgotten one shows.
inline Weights spread_weights(const T5Config& config, std::uint64_t seed, at::ScalarType dtype) {
  Weights weights = initialise_weights(config, seed, at::kCPU, at::kDouble);
  for (const WeightSlot& slot : weight_slots(config, weights)) {
    at::Tensor& tensor = slot.tensor.get();
    ++seed;
    if (slot.initial_std == 0.0) tensor = 1.0 + 0.3 * random_tensor(slot.shape, seed);
    if (slot.name.find("relative_attention_bias") != std::string::npos) tensor = random_tensor(slot.shape, seed);
    tensor = tensor.to(dtype);
  }
  if (config.tie_word_embeddings) weights.lm_head = weights.embedding;
  return weights;
}

inline Model small_model(const T5Config& config, std::uint64_t seed, at::ScalarType dtype) {
  return Model(config, spread_weights(config, seed, dtype));
}

// Random ids of the given lengths; targets begin with the start id.
inline Batch small_batch(const T5Config& config, const std::vector<std::size_t>& sources,
                         const std::vector<std::size_t>& targets, std::uint64_t seed) {
  RandomStream stream(seed, Purpose::test, 1);
  const auto list = [&](std::size_t length) {
    std::vector<std::int32_t> ids(length);
    for (auto& id : ids) id = static_cast<std::int32_t>(stream.below(static_cast<std::uint64_t>(config.vocab_size)));
    return ids;
  };
  std::vector<std::vector<std::int32_t>> source_ids;
  std::vector<std::vector<std::int32_t>> target_ids;
  source_ids.reserve(sources.size());
  target_ids.reserve(targets.size());
  for (const std::size_t length : sources) source_ids.push_back(list(length));
  for (const std::size_t length : targets) {
    target_ids.push_back(list(length + 1));
    target_ids.back()[0] = static_cast<std::int32_t>(config.decoder_start_token_id);
  }
  return make_batch(source_ids, target_ids, config.pad_token_id, at::kCPU);
}

}  // namespace prelude::test
