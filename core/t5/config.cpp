#include "core/t5/config.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/shallow_json.h"

namespace prelude {
namespace {

using nlohmann::json;

constexpr std::size_t longest_config = 1U << 20U;

// The typed fields of one config.json; every error names the file and the field.
class Fields {
 public:
  explicit Fields(std::string path) : path_(std::move(path)), object_(read_json_file(path_, longest_config)) {}

  const std::string& path() const { return path_; }
  // A field that is null counts as absent, as in transformers.
  bool has(const char* name) const { return object_.contains(name) && !object_[name].is_null(); }

  std::int64_t integer(const char* name, std::int64_t low, std::int64_t high) const {
    require(has(name), "{}: field \"{}\" is missing", path_, name);
    const json& value = object_[name];
    require(value.is_number_integer(), "{}: field \"{}\" must be an integer, got {}", path_, name, value.type_name());
    const bool huge = value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
    const std::int64_t number = huge ? INT64_MAX : value.get<std::int64_t>();
    require(low <= number && number <= high, "{}: field \"{}\" is {}; expected {} to {}", path_, name, value.dump(),
            low, high);
    return number;
  }
  std::int64_t integer_or(const char* name, std::int64_t low, std::int64_t high, std::int64_t fallback) const {
    return has(name) ? integer(name, low, high) : fallback;
  }
  double real_or(const char* name, double low, double high, double fallback) const {
    if (!has(name)) return fallback;
    const json& value = object_[name];
    require(value.is_number(), "{}: field \"{}\" must be a number, got {}", path_, name, value.type_name());
    const double number = value.get<double>();
    require(low <= number && number <= high, "{}: field \"{}\" is {}; expected {} to {}", path_, name, number, low,
            high);
    return number;
  }
  bool boolean_or(const char* name, bool fallback) const {
    if (!has(name)) return fallback;
    const json& value = object_[name];
    require(value.is_boolean(), "{}: field \"{}\" must be true or false, got {}", path_, name, value.type_name());
    return value.get<bool>();
  }
  std::string text_or(const char* name, const char* fallback) const {
    if (!has(name)) return fallback;
    const json& value = object_[name];
    require(value.is_string(), "{}: field \"{}\" must be a string, got {}", path_, name, value.type_name());
    return value.get<std::string>();
  }
  // An id, or the first of a list of ids.
  std::int64_t id_or(const char* name, std::int64_t vocab_size, std::int64_t fallback) const {
    if (!has(name)) return fallback;
    const json& value = object_[name];
    if (!value.is_array()) return integer(name, 0, vocab_size - 1);
    require(!value.empty() && value[0].is_number_unsigned(), "{}: field \"{}\" must be an id or a list of ids", path_,
            name);
    const auto id = value[0].get<std::uint64_t>();
    require(id < static_cast<std::uint64_t>(vocab_size), "{}: field \"{}\" is {}; expected below vocab_size {}", path_,
            name, id, vocab_size);
    return static_cast<std::int64_t>(id);
  }

 private:
  std::string path_;
  json object_;
};

constexpr std::pair<std::string_view, Activation> activation_names[] = {
    {"relu", Activation::relu},          {"gelu", Activation::gelu},
    {"gelu_new", Activation::gelu_tanh}, {"gelu_pytorch_tanh", Activation::gelu_tanh},
    {"silu", Activation::silu},          {"swish", Activation::silu},
};

// feed_forward_proj is "ACT" or "gated-ACT"; "gated-gelu" means gelu_new. dense_act_fn and is_gated_act, where a file
// has them, win (transformers, configuration_t5.py).
void read_activation(const Fields& fields, const char* default_projection, T5Config& config) {
  const std::string projection = fields.text_or("feed_forward_proj", default_projection);
  const bool gated = projection.starts_with("gated-");
  const std::string_view plain = std::string_view(projection).substr(gated ? 6 : 0);
  const std::string implied = projection == "gated-gelu" ? "gelu_new" : std::string(plain);
  const std::string name = fields.text_or("dense_act_fn", implied.c_str());
  config.gated = fields.boolean_or("is_gated_act", gated);
  for (const auto& [known, activation] : activation_names) {
    if (known == name) {
      config.activation = activation;
      return;
    }
  }
  fail(
      "{}: activation \"{}\" (feed_forward_proj \"{}\") is not supported; known: relu, gelu, gelu_new, silu, each also "
      "as gated-...",
      fields.path(), printable(name), printable(projection));
}

// T5 scales logits by d_model^-0.5 where output and embedding are tied; newer files say scale_decoder_outputs, and then
// their tie_word_embeddings says nothing. mT5 never scales.
void read_output(const Fields& fields, bool mt5, T5Config& config) {
  const bool tied = fields.boolean_or("tie_word_embeddings", true);
  config.tie_word_embeddings = tied;
  config.tie_by_tensors = tied && (mt5 || fields.has("scale_decoder_outputs"));
  config.scale_decoder_outputs = fields.boolean_or("scale_decoder_outputs", tied && !mt5);
}

}  // namespace

T5Config read_t5_config(const std::string& path) {
  const Fields fields(path);
  const std::string type = fields.text_or("model_type", "t5");
  require(type == "t5" || type == "mt5", "{}: field \"model_type\" is \"{}\"; only t5 and mt5 backbones are supported",
          path, printable(type));
  const bool mt5 = type == "mt5";
  T5Config config;
  config.vocab_size = fields.integer("vocab_size", 1, 1 << 24);
  config.d_model = fields.integer("d_model", 1, 1 << 17);
  config.d_kv = fields.integer("d_kv", 1, 1 << 14);
  config.d_ff = fields.integer("d_ff", 1, 1 << 20);
  config.num_layers = fields.integer("num_layers", 1, 1024);
  config.num_decoder_layers = fields.integer_or("num_decoder_layers", 1, 1024, config.num_layers);
  config.num_heads = fields.integer("num_heads", 1, 1 << 12);
  config.relative_attention_num_buckets = fields.integer_or("relative_attention_num_buckets", 4, 1 << 16, 32);
  config.relative_attention_max_distance =
      fields.integer_or("relative_attention_max_distance", config.relative_attention_num_buckets / 2 + 1, 1 << 24, 128);
  config.layer_norm_epsilon = fields.real_or("layer_norm_epsilon", 1e-12, 1e-1, 1e-6);
  config.dropout_rate = fields.real_or("dropout_rate", 0, 0.99, 0.1);  // transformers' default
  config.pad_token_id = fields.id_or("pad_token_id", config.vocab_size, 0);
  config.eos_token_id = fields.id_or("eos_token_id", config.vocab_size, 1);
  config.decoder_start_token_id = fields.id_or("decoder_start_token_id", config.vocab_size, config.pad_token_id);
  read_activation(fields, mt5 ? "gated-gelu" : "relu", config);
  read_output(fields, mt5, config);
  return config;
}

void write_t5_config(const std::string& path, const T5Config& config) {
  const auto plain = [&] {
    switch (config.activation) {
      case Activation::relu:
        return "relu";
      case Activation::gelu:
        return "gelu";
      case Activation::gelu_tanh:
        return "gelu_new";
      case Activation::silu:
        return "silu";
    }
    fail("unknown activation {}", static_cast<int>(config.activation));
  }();
  const bool v1_1 = config.gated && config.activation == Activation::gelu_tanh;
  const json object = {
      {"architectures", {"T5ForConditionalGeneration"}},
      {"model_type", "t5"},
      {"is_encoder_decoder", true},
      {"vocab_size", config.vocab_size},
      {"d_model", config.d_model},
      {"d_kv", config.d_kv},
      {"d_ff", config.d_ff},
      {"num_layers", config.num_layers},
      {"num_decoder_layers", config.num_decoder_layers},
      {"num_heads", config.num_heads},
      {"relative_attention_num_buckets", config.relative_attention_num_buckets},
      {"relative_attention_max_distance", config.relative_attention_max_distance},
      {"layer_norm_epsilon", config.layer_norm_epsilon},
      {"feed_forward_proj", v1_1 ? "gated-gelu" : fmt::format("{}{}", config.gated ? "gated-" : "", plain)},
      {"dense_act_fn", plain},
      {"is_gated_act", config.gated},
      {"tie_word_embeddings", config.tie_word_embeddings},
      {"scale_decoder_outputs", config.scale_decoder_outputs},
      {"dropout_rate", config.dropout_rate},
      {"pad_token_id", config.pad_token_id},
      {"eos_token_id", config.eos_token_id},
      {"decoder_start_token_id", config.decoder_start_token_id},
  };
  write_file_atomically(path, object.dump(2) + "\n");
}

T5Config named_t5_config(const std::string& name) {
  struct Shape {
    std::string_view name;
    std::int64_t d_model, d_ff, heads, layers;
  };
  // Hugging Face: google/t5-v1_1-*.
  constexpr Shape shapes[] = {{"t5-small", 512, 1024, 6, 8},
                              {"t5-base", 768, 2048, 12, 12},
                              {"t5-large", 1024, 2816, 16, 24},
                              {"t5-xl", 2048, 5120, 32, 24},
                              {"t5-xxl", 4096, 10240, 64, 24}};
  T5Config config;
  config.gated = true;
  config.activation = Activation::gelu_tanh;
  if (name == "tiny") {  // tied and scaled: the logits of random weights stay of order one
    config.d_model = 64;
    config.d_kv = 16;
    config.num_heads = 4;
    config.d_ff = 128;
    config.num_layers = config.num_decoder_layers = 2;
    return config;
  }
  config.tie_word_embeddings = false;
  config.scale_decoder_outputs = false;
  for (const Shape& shape : shapes) {
    if (shape.name != name) continue;
    config.d_model = shape.d_model;
    config.d_ff = shape.d_ff;
    config.num_heads = shape.heads;
    config.num_layers = config.num_decoder_layers = shape.layers;
    return config;
  }
  fail("unknown shape \"{}\"; known: tiny, t5-small, t5-base, t5-large, t5-xl, t5-xxl", name);
}

}  // namespace prelude
