#include "core/t5/load.h"

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <fmt/ranges.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/io/folder_kind.h"
#include "core/io/folders.h"
#include "core/io/paths.h"
#include "core/io/read_ahead.h"
#include "core/memory/reusing_allocator.h"
#include "core/t5/parallel_cost.h"
#include "core/t5/weight_reader.h"
#include "core/text/tokenizer_files.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

constexpr std::pair<TensorType, at::ScalarType> dtypes[] = {
    {TensorType::f64, at::kDouble},    {TensorType::f32, at::kFloat}, {TensorType::f16, at::kHalf},
    {TensorType::bf16, at::kBFloat16}, {TensorType::i64, at::kLong},  {TensorType::i32, at::kInt},
    {TensorType::i16, at::kShort},     {TensorType::i8, at::kChar},   {TensorType::u8, at::kByte},
    {TensorType::boolean, at::kBool},
};

at::ScalarType dtype_of(TensorType type) {
  for (const auto& [known, dtype] : dtypes) {
    if (known == type) return dtype;
  }
  throw InternalError("a safetensors dtype has no tensor dtype");
}

TensorType type_of(at::ScalarType type) {
  for (const auto& [known, dtype] : dtypes) {
    if (dtype == type) return known;
  }
  throw InternalError(fmt::format("safetensors have no {}", at::toString(type)));
}

void settle_output(WeightReader& reader, T5Config& config) {
  if (config.tie_by_tensors && reader.has("lm_head.weight")) {
    const std::vector<std::int64_t> shape = {config.vocab_size, config.d_model};
    const at::Tensor embedding = reader.take("shared.weight", shape);
    const at::Tensor head = reader.take("lm_head.weight", shape);
    config.tie_word_embeddings = head.scalar_type() == embedding.scalar_type() && at::equal(head, embedding);
  }
  config.tie_by_tensors = false;
}

void take_duplicates(WeightReader& reader, const T5Config& config, const at::Tensor& embedding) {
  reader.take_copy("encoder.embed_tokens.weight", embedding, "");
  reader.take_copy("decoder.embed_tokens.weight", embedding, "");
  if (config.tie_word_embeddings) {
    reader.take_copy("lm_head.weight", embedding,
                     ", though config.json ties them; if the output is its own, set \"tie_word_embeddings\": false");
  }
  // The first conversions of T5 kept a table that cross-attention never uses (transformers ignores it, too).
  reader.ignore("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight");
}

// A CPU tensor's bytes; those of its storage from the first to the last where it is a part of rows.
std::span<const std::byte> extent_of(const at::Tensor& tensor) {
  const auto reach = static_cast<std::size_t>(
      at::detail::computeStorageNbytes(tensor.sizes(), tensor.strides(), c10::elementSize(tensor.scalar_type())));
  return {static_cast<const std::byte*>(tensor.const_data_ptr()), reach};
}

// What a load copies out of the files.
std::vector<std::span<const std::byte>> to_copy(const std::vector<at::Tensor>& slices, at::Device device,
                                                at::ScalarType dtype) {
  std::vector<std::span<const std::byte>> parts;
  for (const at::Tensor& slice : slices) {
    const bool stays = device.is_cpu() && slice.scalar_type() == dtype && slice.is_contiguous();
    if (!stays) parts.push_back(extent_of(slice));
  }
  return parts;
}

// The layers' matrices, most of which a model on the CPU puts together anew.
std::vector<std::span<const std::byte>> matrices_of(Backbone& backbone) {
  std::vector<std::span<const std::byte>> parts;
  for (const WeightSlot& slot : weight_slots(backbone.config, backbone.weights)) {
    const at::Tensor& tensor = slot.tensor.get();
    if (slot.layer >= 0 && tensor.defined() && tensor.device().is_cpu()) parts.push_back(extent_of(tensor));
  }
  return parts;
}

}  // namespace

at::Tensor tensor_of(const TensorBytes& bytes, const std::shared_ptr<const MappedFile>& mapping) {
  const at::ScalarType dtype = dtype_of(bytes.type);
  if (reinterpret_cast<std::uintptr_t>(bytes.bytes.data()) % bytes_of(bytes.type) != 0) {
    at::Tensor copy = at::empty(bytes.shape, dtype);
    std::memcpy(copy.mutable_data_ptr(), bytes.bytes.data(), bytes.bytes.size());
    return copy;
  }
  // from_blob asks for a mutable pointer; the pages are read-only, and nobody writes to a weight.
  void* const data = const_cast<std::byte*>(bytes.bytes.data());
  return at::from_blob(
      data, bytes.shape, [mapping](void*) {}, dtype);
}

TensorBytes bytes_of_tensor(std::string name, const at::Tensor& tensor) {
  ensure(tensor.is_contiguous() && tensor.device().is_cpu(), "tensor {} is not contiguous on the CPU", name);
  const auto* data = static_cast<const std::byte*>(tensor.const_data_ptr());
  return {std::move(name), type_of(tensor.scalar_type()), tensor.sizes().vec(), {data, tensor.nbytes()}};
}

Weights load_weights(const std::vector<SafetensorsFile>& files, T5Config& config, at::Device device,
                     at::ScalarType dtype, const TensorParallel& parallel, const std::optional<LayerShare>& share) {
  ensure(!files.empty() && at::isFloatingType(dtype), "weights of dtype {} out of {} files", at::toString(dtype),
         files.size());
  ensure(!share || parallel.size() == 1, "layers are cut over {} tensor-parallel ranks and shared, too",
         parallel.size());
  require_tensor_degree(config, parallel.size());
  WeightReader reader(files, config);
  settle_output(reader, config);
  Weights weights;
  const std::vector<WeightSlot> slots = weight_slots(config, weights);
  std::vector<at::Tensor> parts;  // of the files
  for (const WeightSlot& slot : slots) {
    const at::Tensor stored = reader.take(slot.name, slot.shape);
    if (slot.name == "shared.weight") take_duplicates(reader, config, stored);
    parts.push_back(local_slice(slot, stored, parallel));
  }
  reader.check_nothing_left();
  std::optional<LayerSlices> slices;
  if (share) slices.emplace(slots, *share, at::TensorOptions(device).dtype(dtype));
  std::optional<ReadAhead> ahead;
  if (!share) ahead.emplace(to_copy(parts, device, dtype));  // else each rank reads a part of its own
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const WeightSlot& slot = slots[i];
    if (slices && slot.layer >= 0) {
      slices->put(i, parts[i]);
      continue;
    }
    // Contiguous, so that a slice holds its own bytes alone; rows are so already, and stay in the mapped file.
    slot.tensor.get() = parts[i].contiguous().to(device, dtype);
  }
  if (slices) weights.layer_slices = slices->take();
  if (config.tie_word_embeddings) weights.lm_head = weights.embedding;
  return weights;
}

Backbone load_backbone(const std::string& folder, at::Device device, at::ScalarType dtype,
                       const TensorParallel& parallel, const std::optional<LayerShare>& share) {
  const fs::path base(folder);
  require(
      is_folder(folder),
      "{}: no such backbone folder; give one in Hugging Face's layout (config.json, model.safetensors, spiece.model)",
      folder);
  const std::string config_path = (base / "config.json").string();
  if (!path_exists(config_path)) {
    const std::string wrong = wrong_folder(folder, "a backbone", "backbone");
    require(wrong.empty(), "{}", wrong);
  }
  Backbone backbone;
  backbone.config = read_t5_config(config_path);
  backbone.files = open_safetensors_folder(folder);
  backbone.weights = load_weights(backbone.files, backbone.config, device, dtype, parallel, share);
  if (!tokenizer_files(folder).empty()) backbone.tokenizer_path = folder;
  return backbone;
}

Model take_model(Backbone& backbone, const TensorParallel& parallel) {
  std::optional<ReadAhead> ahead(std::in_place, matrices_of(backbone));
  Model model(backbone.config, std::move(backbone.weights), parallel);
  ahead.reset();
  for (const SafetensorsFile& file : backbone.files) file.mapping()->forget_pages();
  release_free_tensor_memory();
  return model;
}

void save_backbone(const std::string& folder, const T5Config& config, const Weights& weights,
                   const std::string& tokenizer_path) {
  const fs::path base(folder);
  make_folders(folder);
  const std::string model = (base / "model.safetensors").string();
  require(!path_exists(model), "{}: is already there; give another folder or remove it", model);
  if (!tokenizer_path.empty()) copy_tokenizer(tokenizer_path, folder);
  write_t5_config((base / "config.json").string(), config);
  Weights copy = weights;  // shares storage
  std::vector<at::Tensor> on_host;
  std::vector<TensorBytes> tensors;
  for (const WeightSlot& slot : weight_slots(config, copy)) {
    on_host.push_back(slot.tensor.get().cpu().contiguous());
    tensors.push_back(bytes_of_tensor(slot.name, on_host.back()));
  }
  write_safetensors(model, tensors, {{"format", "pt"}});
}

}  // namespace prelude
