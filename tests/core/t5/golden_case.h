// The committed backbones and batches of scripts/make-golden.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/io/safetensors.h"
#include "core/t5/batch.h"
#include "core/t5/load.h"

namespace prelude::test {

inline std::string golden_path(const std::string& name) {
  return std::string(PRELUDE_SOURCE_DIR) + "/tests/data/golden/" + name;
}

inline std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_path(""))) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline at::Tensor read_tensor(const SafetensorsFile& file, const std::string& name) {
  const TensorBytes* bytes = file.find(name);
  if (bytes == nullptr) throw std::runtime_error("no tensor " + name);
  return tensor_of(*bytes, file.mapping()).clone();
}

inline Batch read_golden_batch(const std::string& folder) {
  const SafetensorsFile file(folder + "/case.safetensors");
  Batch batch;
  batch.source_ids = read_tensor(file, "source_ids");
  batch.source_lengths = read_tensor(file, "source_lengths");
  batch.decoder_ids = read_tensor(file, "decoder_ids");
  batch.labels = read_tensor(file, "labels");
  batch.target_lengths = batch.labels.ne(Batch::ignored_label).sum(1);
  batch.source_tokens = batch.source_lengths.sum().item<std::int64_t>();
  batch.label_tokens = batch.target_lengths.sum().item<std::int64_t>();
  return batch;
}

}  // namespace prelude::test
