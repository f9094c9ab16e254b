#include "core/t5/weight_reader.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "core/io/printable.h"
#include "core/t5/load.h"

namespace prelude {
namespace {

constexpr const char* embedding_name = "shared.weight";

bool holds_part(const std::vector<SafetensorsFile>& files, std::string_view prefix) {
  return std::any_of(files.begin(), files.end(), [&](const SafetensorsFile& file) {
    return std::any_of(file.tensors().begin(), file.tensors().end(),
                       [&](const TensorBytes& tensor) { return tensor.name.starts_with(prefix); });
  });
}

}  // namespace

StoredTensor find_weight(const std::vector<SafetensorsFile>& files, const T5Config& config, const std::string& name) {
  StoredTensor found = find_tensor(files, name);
  if (found.bytes != nullptr || name != embedding_name) return found;
  for (const char* other : {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"}) {
    found = find_tensor(files, other);
    if (found.bytes != nullptr) return found;
  }
  return config.tie_word_embeddings ? find_tensor(files, "lm_head.weight") : found;
}

WeightReader::WeightReader(const std::vector<SafetensorsFile>& files, const T5Config& config)
    : files_(files), config_(config) {
  const bool encoder = holds_part(files, "encoder.block.");
  const bool decoder = holds_part(files, "decoder.block.");
  require(encoder == decoder,
          "{}: holds the {} of a T5 alone; give a folder with both, as T5ForConditionalGeneration saves it",
          files.front().path(), encoder ? "encoder" : "decoder");
}

at::Tensor WeightReader::take(const std::string& name, const std::vector<std::int64_t>& shape) {
  const auto [file, bytes] = find_weight(files_, config_, name);
  require(bytes != nullptr, "{}: tensor \"{}\" [{}] is missing", files_.front().path(), name, fmt::join(shape, ","));
  require(bytes->shape == shape, "{}: tensor \"{}\" is [{}]; config.json asks for [{}]", file->path(),
          printable(bytes->name), fmt::join(bytes->shape, ","), fmt::join(shape, ","));
  taken_.insert(bytes->name);
  at::Tensor tensor = tensor_of(*bytes, file->mapping());
  require(at::isFloatingType(tensor.scalar_type()), "{}: tensor \"{}\" is {}; expected F32, BF16, F16 or F64",
          file->path(), name, name_of(bytes->type));
  return tensor;
}

void WeightReader::take_copy(const std::string& name, const at::Tensor& embedding, const char* hint) {
  const StoredTensor stored = find_tensor(files_, name);
  if (stored.bytes == nullptr) return;
  const at::Tensor copy = take(name, embedding.sizes().vec());
  const bool same = copy.scalar_type() == embedding.scalar_type() &&
                    (copy.const_data_ptr() == embedding.const_data_ptr() || at::equal(copy, embedding));
  require(same, "{}: tensor \"{}\" differs from \"{}\"{}", stored.file->path(), name, embedding_name, hint);
}

void WeightReader::check_nothing_left() const {
  for (const SafetensorsFile& file : files_) {
    for (const TensorBytes& tensor : file.tensors()) {
      require(taken_.contains(tensor.name), "{}: tensor \"{}\" [{}] is left over: the T5 of config.json has none",
              file.path(), printable(tensor.name), fmt::join(tensor.shape, ","));
    }
  }
}

}  // namespace prelude
