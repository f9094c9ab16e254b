// Every variant of T5 in sizes that 1, 2, 4 and 8 ranks can cut: heads and feed-forward are multiples of 8 (or of 4
// where it says so), head width times heads is not the model's width.
#pragma once

#include <string>
#include <vector>

#include "core/t5/config.h"

namespace prelude::test {

struct Variant {
  std::string name;
  T5Config config;
};

inline T5Config cut_config(bool gated, Activation activation, bool tied, bool scaled, std::int64_t encoder,
                           std::int64_t decoder) {
  T5Config config;
  config.vocab_size = 37;
  config.d_model = 12;
  config.d_kv = 3;
  config.num_heads = 8;
  config.d_ff = 24;
  config.num_layers = encoder;
  config.num_decoder_layers = decoder;
  config.relative_attention_num_buckets = 8;
  config.relative_attention_max_distance = 12;
  config.gated = gated;
  config.activation = activation;
  config.tie_word_embeddings = tied;
  config.scale_decoder_outputs = scaled;
  return config;
}

inline std::vector<Variant> variants() {
  return {
      {"T5", cut_config(false, Activation::relu, true, true, 2, 2)},
      {"T5 v1.1", cut_config(true, Activation::gelu_tanh, false, false, 2, 3)},
      {"tied and gated", cut_config(true, Activation::gelu, true, false, 3, 1)},
      {"UL2", cut_config(true, Activation::silu, false, false, 1, 5)},
      {"plain and untied", cut_config(false, Activation::gelu_tanh, false, false, 5, 1)},
      {"one layer each", cut_config(true, Activation::relu, false, true, 1, 1)},
  };
}

}  // namespace prelude::test
