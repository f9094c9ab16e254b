// A T5 backbone's shape, as Hugging Face's config.json says it (docs/formats.md, "Backbone folder").
#pragma once

#include <cstdint>
#include <string>

namespace prelude {

// Of the feed-forward, by Hugging Face's names: relu; gelu (with erf); gelu_new, gelu_pytorch_tanh; silu, swish.
enum class Activation : std::uint8_t { relu, gelu, gelu_tanh, silu };

struct T5Config {
  std::int64_t vocab_size = 32128;
  std::int64_t d_model = 512;
  std::int64_t d_kv = 64;
  std::int64_t d_ff = 2048;
  std::int64_t num_layers = 6;
  std::int64_t num_decoder_layers = 6;
  std::int64_t num_heads = 8;
  std::int64_t relative_attention_num_buckets = 32;
  std::int64_t relative_attention_max_distance = 128;
  double layer_norm_epsilon = 1e-6;
  double dropout_rate = 0;  // for who trains the backbone; a frozen one never drops
  bool gated = false;       // wi_0, wi_1 (gated) or wi
  Activation activation = Activation::relu;
  bool tie_word_embeddings = true;  // no lm_head.weight of its own
  // The file's tensors say whether the output is tied: newer transformers write tie_word_embeddings true for every
  // backbone and keep lm_head.weight where it differs. load_backbone settles tie_word_embeddings and clears this.
  bool tie_by_tensors = false;
  bool scale_decoder_outputs = true;  // logits = W (h * d_model^-0.5)
  std::int64_t decoder_start_token_id = 0;
  std::int64_t pad_token_id = 0;
  std::int64_t eos_token_id = 1;

  std::int64_t inner() const { return num_heads * d_kv; }
};

// Reads a config.json; throws UserError naming the file and the field (missing, wrong type, out of range, unsupported
// activation). Older files imply scale_decoder_outputs (= tied) and dense_act_fn/is_gated_act (from feed_forward_proj).
T5Config read_t5_config(const std::string& path);
// Writes a config.json that read_t5_config and transformers read back.
void write_t5_config(const std::string& path, const T5Config& config);
// A published shape by name: t5-small, t5-base, t5-large, t5-xl, t5-xxl (T5 v1.1: gated, untied), and
// "tiny" for tests and the quickstart. Throws UserError listing the names.
T5Config named_t5_config(const std::string& name);

}  // namespace prelude
