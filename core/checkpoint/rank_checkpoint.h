// What one rank of a run that trains a whole backbone puts on disk: its share of the weights and of the optimiser's
// state (docs/formats.md, "Checkpoint of a backbone"). A folder of such files is a checkpoint.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/named_tensor.h"

namespace prelude {

// Which share of all state a file holds.
struct RankPlace {
  int data_rank = 0;
  int data_size = 1;
  int tensor_rank = 0;
  int tensor_size = 1;

  int rank() const { return data_rank * tensor_size + tensor_rank; }
  int ranks() const { return data_size * tensor_size; }
  bool operator==(const RankPlace&) const = default;
};

struct RankCheckpoint {
  std::string attempt;     // at saving, the same in all files of a checkpoint; empty in those of earlier versions
  std::int64_t step = 0;   // batches done; the loader's whole state
  std::uint64_t seed = 0;  // of the run
  RankPlace place;
  std::int64_t elements = 0;           // N, weights that the tensor-parallel rank holds
  std::int64_t begin = 0;              // the share: weights begin ... begin + n - 1 of them
  at::Tensor weights;                  // [n]; stored as float32
  std::vector<NamedTensor> optimizer;  // its state of the share; stored as float32
  std::int64_t optimizer_steps = 0;    // updates made
  std::string loop_state;              // the training loop's own line, opaque here
  std::string configuration;           // the resolved options as a config file
  std::string backbone_hash;           // of what the run started from
  std::string corpus_hash;             // of the corpus' manifest
  std::string revision;                // of Prelude
};

// "rank-00003-of-00008.h5".
std::string rank_file_name(const RankPlace& place);

// Writes `path` atomically; tensors may be on any device. Throws UserError with the path and the system's reason.
void write_rank_checkpoint(const std::string& path, const RankCheckpoint& checkpoint);

// Tensors come back on the CPU in float32, bit for bit. Throws UserError naming the file where it is cut, changed, of
// another schema version, or no such checkpoint.
RankCheckpoint read_rank_checkpoint(const std::string& path);
// The attempt alone, out of a file that is not verified. Throws UserError where it is no such file.
std::string read_attempt(const std::string& path);

}  // namespace prelude
