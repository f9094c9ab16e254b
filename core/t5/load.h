// A backbone folder in Hugging Face's layout: config.json, model.safetensors (or shards with an index), the tokenizer's
// files (spiece.model or tokenizer.json, and what stands beside them).
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "core/io/safetensors.h"
#include "core/t5/config.h"
#include "core/t5/flat_layers.h"
#include "core/t5/model.h"
#include "core/t5/weights.h"

namespace prelude {

struct Backbone {
  T5Config config;
  Weights weights;  // this rank's slices
  std::vector<SafetensorsFile> files;
  std::string tokenizer_path;  // the folder itself, for Tokenizer::load; empty if it has no tokenizer
};

// On the CPU a tensor already of `dtype` stays in the mapped file (read-only pages, nothing is read before it is used);
// another is converted; for a GPU one tensor at a time is copied. `dtype`: float32, bfloat16, float16 or float64.
// With several ranks only this rank's slices are read. Throws UserError naming the tensor, got and expected, where one
// is missing, left over, or of a wrong shape or dtype, and where the ranks do not divide the heads and the
// feed-forward. With a `share` this rank's part of every layer is read and copied into weights.layer_slices; not for
// several tensor-parallel ranks.
Backbone load_backbone(const std::string& folder, at::Device device, at::ScalarType dtype,
                       const TensorParallel& parallel = whole_model(), const std::optional<LayerShare>& share = {});

// A model of the backbone's weights, which it takes out. Matrices that are put together there are read once; their
// pages of the files are forgotten then.
Model take_model(Backbone& backbone, const TensorParallel& parallel = whole_model());

// The weights that `config` asks for, out of opened files. Settles config.tie_word_embeddings where tie_by_tensors.
// Copies of the embedding under other names (encoder.embed_tokens.weight, a tied lm_head.weight) must equal it.
Weights load_weights(const std::vector<SafetensorsFile>& files, T5Config& config, at::Device device,
                     at::ScalarType dtype, const TensorParallel& parallel = whole_model(),
                     const std::optional<LayerShare>& share = {});

// Writes config.json, model.safetensors and copies of the tokenizer's files (none if `tokenizer_path` is empty) into
// `folder`, made if it is not there; refuses one that already holds a model.
void save_backbone(const std::string& folder, const T5Config& config, const Weights& weights,
                   const std::string& tokenizer_path);

// A tensor of a file as a CPU tensor of the file's dtype that keeps the mapping alive; copied only where unaligned.
at::Tensor tensor_of(const TensorBytes& bytes, const std::shared_ptr<const MappedFile>& mapping);

// A contiguous CPU tensor's bytes under a name; valid as long as the tensor. Throws InternalError for other tensors.
TensorBytes bytes_of_tensor(std::string name, const at::Tensor& tensor);

}  // namespace prelude
