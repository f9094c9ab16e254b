// The safetensors format (github.com/huggingface/safetensors): 8 bytes little-endian header length, a JSON header
// {name: {dtype, shape, data_offsets}}, then the tensors' bytes without a hole. Read by memory map, nothing is copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/mapped_file.h"

namespace prelude {

enum class TensorType : std::uint8_t { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

// As the header spells it: "F32", "BF16", ...
std::string_view name_of(TensorType type);
std::size_t bytes_of(TensorType type);

// A named tensor's bytes, row-major and little-endian, owned by someone else.
struct TensorBytes {
  std::string name;
  TensorType type;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;  // may be unaligned in a file that others wrote
};

class SafetensorsFile {
 public:
  // Checks everything before it is used: header length, JSON, names (none twice), dtypes, dtype times shape = bytes,
  // offsets inside the file and without overlap or hole. Throws UserError naming the file and the defect.
  explicit SafetensorsFile(const std::string& path);

  const std::string& path() const { return mapping_->path(); }
  const std::vector<TensorBytes>& tensors() const { return tensors_; }  // in the order of their bytes
  const TensorBytes* find(std::string_view name) const;                 // nullptr if there is none
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // Whoever keeps this keeps every TensorBytes of the file valid.
  const std::shared_ptr<const MappedFile>& mapping() const { return mapping_; }

 private:
  std::shared_ptr<const MappedFile> mapping_;
  std::vector<TensorBytes> tensors_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::map<std::string, std::string> metadata_;
};

// The files of a model folder: model.safetensors, or the shards that model.safetensors.index.json names (each tensor in
// the shard it names, none besides). Throws UserError where there is neither.
std::vector<SafetensorsFile> open_safetensors_folder(const std::string& folder);

// A tensor and the file that holds it.
struct StoredTensor {
  const SafetensorsFile* file = nullptr;
  const TensorBytes* bytes = nullptr;  // nullptr: there is none
};

// The tensor `name` of opened files. Where none holds it, the one that shared its memory when the file was written, as
// the file's own metadata say (safetensors.torch.save_model keeps one name of several).
StoredTensor find_tensor(std::span<const SafetensorsFile> files, const std::string& name);

// Writes whole or not at all. The same tensors in the same order give the same bytes.
void write_safetensors(const std::string& path, std::span<const TensorBytes> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace prelude
