#include "core/delta/peft_folder.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/checksum.h"
#include "core/io/folder_kind.h"
#include "core/io/folders.h"
#include "core/io/paths.h"
#include "core/io/safetensors.h"
#include "core/io/shallow_json.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* tensor_name = "prompt_embeddings";
constexpr std::size_t longest_json = 1U << 20U;

json read_json(const std::string& path) { return read_json_file(path, longest_json); }

std::string text_field(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// None where the field is missing or null.
std::optional<std::int64_t> size_field(const json& object, const char* name, const std::string& path) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return {};
  require(found->is_number_integer() && *found > 0 && *found < (1 << 30),
          "'{}': \"{}\" is {}; a whole number above 0 is wanted", path, name, printable(found->dump(), 60));
  return found->get<std::int64_t>();
}

void require_prompt_tuning(const json& config, const std::string& path) {
  const std::string type = text_field(config, "peft_type");
  require(!type.empty(), "'{}' has no peft_type; a soft prompt's is PROMPT_TUNING", path);
  require(type == "PROMPT_TUNING", "'{}' describes a {} adapter; only PROMPT_TUNING is a soft prompt", path,
          printable(type));
  const std::string task = text_field(config, "task_type");
  require(task.empty() || task == "SEQ_2_SEQ_LM", "'{}' is for {}; a T5's prompt is for SEQ_2_SEQ_LM", path,
          printable(task));
}

FloatType float_type(const TensorBytes& tensor, const std::string& path) {
  switch (tensor.type) {
    case TensorType::f16:
      return FloatType::float16;
    case TensorType::bf16:
      return FloatType::bfloat16;
    case TensorType::f32:
      return FloatType::float32;
    case TensorType::f64:
      return FloatType::float64;
    default:
      fail("'{}': {} is {}; float numbers are wanted", path, tensor_name, name_of(tensor.type));
  }
}

// The rows as stored, P or 2P of them.
FloatArray read_rows(const std::string& path) {
  const SafetensorsFile file(path);
  const TensorBytes* tensor = file.find(tensor_name);
  require(tensor != nullptr, "'{}' has no tensor {}; it is no prompt that PEFT saved", path, tensor_name);
  require(file.tensors().size() == 1, "'{}' holds {} tensors; a prompt is {} alone", path, file.tensors().size(),
          tensor_name);
  require(tensor->shape.size() == 2, "'{}': {} has the shape {}; rows x width are wanted", path, tensor_name,
          shape_text(tensor->shape));
  FloatArray array{float_type(*tensor, path), tensor->shape, {}};
  elements_of(array.shape, path);
  const std::size_t width = bytes_of(array.stored_as);
  array.values.reserve(tensor->bytes.size() / width);
  for (std::size_t at = 0; at < tensor->bytes.size(); at += width) {
    array.values.push_back(decode_float(array.stored_as, tensor->bytes.data() + at));
  }
  return array;
}

// prelude.json is ours and may be absent: a folder that PEFT saved is as good.
void read_own_notes(const fs::path& folder, PeftFolder& result) {
  const std::string path = folder / "prelude.json";
  if (!path_exists(path)) return;
  const json own = read_json(path);
  if (text_field(own, "adapter_xxh3") != xxh3_128_of_file(folder / "adapter_model.safetensors")) {
    result.notes.push_back("prelude.json describes other rows than the folder holds; it is not believed");
    return;
  }
  if (const auto scale = own.find("scale"); scale != own.end() && scale->is_number()) result.scale = *scale;
  if (const auto origin = own.find("origin"); origin != own.end() && origin->is_object()) {
    for (const auto& [name, value] : origin->items()) {
      if (value.is_string()) result.origin[name] = value;
    }
  }
}

// Of the rows as stored those that PEFT's forward uses. The tensor says how many and how wide they are; what
// adapter_config.json says of it again is compared where it is there.
void keep_live_rows(PeftFolder& result, const json& config, const std::string& config_path,
                    const std::string& tensor_path) {
  const std::int64_t rows = result.rows.shape[0];
  const std::int64_t width = result.rows.shape[1];
  const std::int64_t submodules = size_field(config, "num_transformer_submodules", config_path).value_or(1);
  const auto said = size_field(config, "num_virtual_tokens", config_path);
  const std::int64_t live = said.value_or(submodules == 2 && rows % 2 == 0 ? rows / 2 : rows);
  require(rows == live || rows == 2 * live, "'{}' holds {} rows but adapter_config.json says num_virtual_tokens {}",
          tensor_path, rows, live);
  const auto token_dim = size_field(config, "token_dim", config_path);
  require(token_dim.value_or(width) == width, "'{}' holds rows {} wide but adapter_config.json says token_dim {}",
          tensor_path, width, token_dim.value_or(width));
  if (!said) {
    result.notes.push_back(
        fmt::format("adapter_config.json does not say num_virtual_tokens; {} rows are taken of {}", live, rows));
  }
  if (rows == live) return;
  result.notes.push_back(fmt::format(
      "rows {} to {} are dead: PEFT saved two submodules and its seq2seq forward uses the first {} rows only", live,
      rows - 1, live));
  result.rows.shape[0] = live;
  result.rows.values.resize(static_cast<std::size_t>(live * width));
}

}  // namespace

PeftFolder read_peft_folder(const std::string& folder) {
  const std::string config_path = folder + "/adapter_config.json";
  const std::string tensor_path = folder + "/adapter_model.safetensors";
  if (!path_exists(config_path)) {
    const std::string wrong = wrong_folder(folder, "a prompt", "prompt");
    require(wrong.empty(), "{}", wrong);
    fail("'{}' is no prompt folder: it has no adapter_config.json", folder);
  }
  require(path_exists(tensor_path) || !path_exists(folder + "/adapter_model.bin"),
          "'{}' has only adapter_model.bin; save it again with PEFT 0.6 or newer, which writes safetensors", folder);
  const json config = read_json(config_path);
  require_prompt_tuning(config, config_path);

  PeftFolder result;
  result.base_model = text_field(config, "base_model_name_or_path");
  result.rows = read_rows(tensor_path);
  keep_live_rows(result, config, config_path, tensor_path);
  read_own_notes(folder, result);
  return result;
}

void write_peft_folder(const std::string& folder, std::int64_t rows, std::int64_t width, std::span<const float> values,
                       const std::string& base_model, double scale, const std::map<std::string, std::string>& origin) {
  const fs::path root(folder);
  make_folders(folder);
  const std::string tensor_path = root / "adapter_model.safetensors";
  const TensorBytes tensor{tensor_name, TensorType::f32, {rows, width}, std::as_bytes(values)};
  write_safetensors(tensor_path, {&tensor, 1}, {{"format", "pt"}});

  const json config{
      {"auto_mapping", nullptr},
      {"base_model_name_or_path", base_model.empty() ? json(nullptr) : json(base_model)},
      {"inference_mode", true},
      {"num_attention_heads", nullptr},
      {"num_layers", nullptr},
      {"num_transformer_submodules", 1},
      {"num_virtual_tokens", rows},
      {"peft_type", "PROMPT_TUNING"},
      {"prompt_tuning_init", "RANDOM"},
      {"prompt_tuning_init_text", nullptr},
      {"revision", nullptr},
      {"task_type", "SEQ_2_SEQ_LM"},
      {"token_dim", width},
      {"tokenizer_name_or_path", nullptr},
  };
  write_file_atomically(root / "adapter_config.json", config.dump(2) + "\n");
  const json own{
      {"schema_version", 1}, {"adapter_xxh3", xxh3_128_of_file(tensor_path)}, {"origin", origin}, {"scale", scale}};
  write_file_atomically(root / "prelude.json", own.dump(2) + "\n");
}

}  // namespace prelude
