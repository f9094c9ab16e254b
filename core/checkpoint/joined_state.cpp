#include "core/checkpoint/joined_state.h"

#include <ATen/ATen.h>

#include <map>
#include <utility>

#include "core/checkpoint/rank_checkpoint_folder.h"
#include "core/error.h"

namespace prelude {
namespace {

// What the data-parallel ranks of one tensor-parallel rank wrote.
struct Slice {
  at::Tensor weights;                  // [N]
  std::vector<NamedTensor> optimizer;  // over all N, or of whole parts
};

Slice read_slice(const std::string& folder, const RankManifest& manifest, int tensor_rank, RankCheckpoint& head) {
  std::vector<at::Tensor> weights;
  std::vector<std::string> order;
  std::map<std::string, std::vector<at::Tensor>> optimizer;
  std::int64_t next = 0;
  for (int data_rank = 0; data_rank < manifest.data_size; ++data_rank) {
    const RankPlace place{data_rank, manifest.data_size, tensor_rank, manifest.tensor_size};
    RankCheckpoint file = read_rank_file(folder, manifest, place);
    require(file.weights.numel() == 0 || file.begin == next, "'{}/{}' begins at weight {}, not at {}", folder,
            rank_file_name(place), file.begin, next);
    next += file.weights.numel();
    weights.push_back(file.weights);
    for (NamedTensor& part : file.optimizer) {
      if (!optimizer.contains(part.name)) order.push_back(part.name);
      optimizer[part.name].push_back(std::move(part.value));
    }
    if (data_rank == 0) head = std::move(file);
  }
  require(next == head.elements, "'{}' holds {} of {} weights", folder, next, head.elements);
  Slice slice{at::cat(weights), {}};
  for (const std::string& name : order) slice.optimizer.push_back({name, at::cat(optimizer[name])});
  return slice;
}

// What a rank of `now` holds of flats that `slices.size()` tensor-parallel ranks hold.
at::Tensor cut_again(const std::vector<at::Tensor>& slices, const RankPlace& now, const std::vector<CutPart>& parts) {
  const auto before = static_cast<std::int64_t>(slices.size());
  std::vector<at::Tensor> ours;
  std::int64_t offset = 0;
  for (const CutPart& part : parts) {
    std::vector<std::int64_t> shape = part.shape;
    if (part.dimension >= 0) {
      auto& size = shape[static_cast<std::size_t>(part.dimension)];
      size = size * now.tensor_size / before;
    }
    const std::int64_t elements = c10::multiply_integers(shape);
    std::vector<at::Tensor> pieces;
    for (const at::Tensor& slice : slices) {
      require(offset + elements <= slice.numel(), "the checkpoint is of a backbone of another shape");
      pieces.push_back(slice.narrow(0, offset, elements).view(shape));
    }
    offset += elements;
    at::Tensor mine = pieces.front();
    if (part.dimension >= 0) {
      const std::int64_t size = part.shape[static_cast<std::size_t>(part.dimension)];
      mine = at::cat(pieces, part.dimension).narrow(part.dimension, now.tensor_rank * size, size);
    }
    ours.push_back(mine.reshape({-1}));
  }
  require(offset == slices.front().numel(), "the checkpoint is of a backbone of another shape");
  return at::cat(ours);
}

}  // namespace

JoinedState read_joined_state(const std::string& path, const RankPlace& now, const std::vector<CutPart>& parts) {
  const RankManifest manifest = read_rank_manifest(path);
  JoinedState joined;
  if (manifest.tensor_size == now.tensor_size) {
    Slice slice = read_slice(path, manifest, now.tensor_rank, joined.head);
    joined.weights = std::move(slice.weights);
    joined.optimizer = std::move(slice.optimizer);
    return joined;
  }
  std::vector<Slice> slices;
  for (int rank = 0; rank < manifest.tensor_size; ++rank)
    slices.push_back(read_slice(path, manifest, rank, joined.head));
  const auto again = [&](const auto& flat_of) {
    std::vector<at::Tensor> flats;
    for (const Slice& slice : slices) flats.push_back(flat_of(slice));
    return cut_again(flats, now, parts);
  };
  joined.weights = again([](const Slice& slice) { return slice.weights; });
  for (std::size_t i = 0; i < slices.front().optimizer.size(); ++i) {
    const NamedTensor& first = slices.front().optimizer[i];
    require(first.value.numel() == slices.front().weights.numel(),
            "'{}': its optimiser's state does not go over from {} to {} tensor-parallel ranks", path,
            manifest.tensor_size, now.tensor_size);
    joined.optimizer.push_back({first.name, again([&](const Slice& slice) {
                                  require(slice.optimizer.size() > i, "'{}' is damaged: ranks differ in state", path);
                                  return slice.optimizer[i].value;
                                })});
  }
  return joined;
}

}  // namespace prelude
