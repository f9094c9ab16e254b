// The tensors of a backbone's files by the names that the T5 code knows, whatever names they are stored under.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/safetensors.h"
#include "core/t5/config.h"

namespace prelude {

// Where the tensor `name` is stored: under its name, under one that the file's metadata give, and the embedding
// ("shared.weight") under any name that transformers has for it: encoder.embed_tokens.weight,
// decoder.embed_tokens.weight, and, where output and embedding are tied, lm_head.weight.
StoredTensor find_weight(const std::vector<SafetensorsFile>& files, const T5Config& config, const std::string& name);

// One pass over opened files: takes each tensor once, then asks that none is left.
class WeightReader {
 public:
  // Both must outlive this. Throws UserError where the files hold half of a T5, an encoder without its decoder.
  WeightReader(const std::vector<SafetensorsFile>& files, const T5Config& config);

  bool has(const std::string& name) const { return find_weight(files_, config_, name).bytes != nullptr; }

  // The tensor as it is in its file, marked as taken. Throws UserError where it is missing, of another shape, or of no
  // float type.
  at::Tensor take(const std::string& name, const std::vector<std::int64_t>& shape);
  // A tensor that may stand under a second name of the embedding's but must then hold the same numbers.
  void take_copy(const std::string& name, const at::Tensor& embedding, const char* hint);
  void ignore(const std::string& name) { taken_.insert(name); }
  // Throws UserError where a tensor was neither taken nor ignored.
  void check_nothing_left() const;

 private:
  const std::vector<SafetensorsFile>& files_;
  const T5Config& config_;
  std::set<std::string, std::less<>> taken_;  // names in the files
};

}  // namespace prelude
