#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/checkpoint/rank_checkpoint.h"
#include "core/named_tensor.h"

namespace prelude {

// A part of the weights that a tensor-parallel rank holds, in their order.
struct CutPart {
  std::vector<std::int64_t> shape;  // of what is here
  int dimension = -1;               // along which the ranks cut it; -1: each has all of it
};

// What the data-parallel ranks of one tensor-parallel rank train together.
struct JoinedState {
  RankCheckpoint head;                 // of the first file: step, texts, hashes
  at::Tensor weights;                  // [N] float32
  std::vector<NamedTensor> optimizer;  // over all N, or of whole parts
};

// The state of the tensor-parallel rank that `now` is one of, out of the files of a checkpoint (a folder) that any
// number of ranks wrote; element for element state is joined along the weights. `parts`: what a rank of `now` holds, to
// join and cut again where the number of tensor-parallel ranks differs; then all files are in memory at once. Throws
// UserError naming the file that is damaged, or says that the checkpoint is of another shape.
JoinedState read_joined_state(const std::string& path, const RankPlace& now, const std::vector<CutPart>& parts);

}  // namespace prelude
