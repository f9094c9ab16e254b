#include "launch/lm/export_backbone.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "core/error.h"
#include "core/io/atomic_folder.h"
#include "core/io/paths.h"
#include "core/t5/load.h"
#include "core/text/tokenizer_files.h"

namespace prelude {
namespace {

// All of a part, on the CPU; a collective of `tensor`.
at::Tensor whole_part(const TrainedWeights& weights, const TrainedPart& part, at::ScalarType dtype,
                      Communicator& tensor) {
  const at::Tensor mine = weights.flat().narrow(0, part.offset, part.size).view(part.shape);
  if (part.cut == Cut::none || tensor.size() == 1) return mine.cpu().to(dtype);
  const at::Tensor all = tensor.all_gather(mine.contiguous());  // [ranks,...]
  std::vector<at::Tensor> slices;
  for (std::int64_t rank = 0; rank < all.size(0); ++rank) slices.push_back(all[rank]);
  return at::cat(slices, static_cast<std::int64_t>(part.cut)).cpu().to(dtype);
}

// The files of `folder` that make the model there: they are written anew, perhaps under other names.
std::vector<std::string> model_files(const std::string& folder) {
  std::vector<std::string> files;
  if (!path_exists(folder)) return files;
  for (const std::string& path : tokenizer_files(folder)) files.push_back(std::filesystem::path(path).filename());
  for (const std::string& name : names_in(folder)) {
    if (name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json")) files.push_back(name);
  }
  return files;
}

}  // namespace

void export_backbone(const std::string& folder, const T5Config& config, const TrainedWeights& weights,
                     at::ScalarType dtype, const std::string& tokenizer_path, const Ranks& ranks) {
  const at::NoGradGuard no_graph;
  if (ranks.mesh().place.data_rank != 0) return;
  Weights whole;
  const auto slots = weight_slots(config, whole);
  ensure(slots.size() == weights.parts().size(), "{} weights for {} places", weights.parts().size(), slots.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const at::Tensor part = whole_part(weights, weights.parts()[i], dtype, *ranks.mesh().tensor);
    if (ranks.first()) slots[i].tensor.get() = part;
  }
  if (!ranks.first()) return;
  write_folder_atomically(folder, [&](const std::string& fresh) {
    save_backbone(fresh, config, whole, tokenizer_path);
    carry_over(folder, fresh, model_files(folder));
  });
}

}  // namespace prelude
