// A run's state on disk: one HDF5 file a checkpoint (docs/formats.md, "Checkpoint"), whole or not there, with a
// checksum of every byte.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/named_tensor.h"

namespace prelude {

// Everything that a run needs to go on as if it had never stopped.
struct Checkpoint {
  std::int64_t step = 0;             // batches done; the loader's whole state
  std::uint64_t seed = 0;            // of the run
  std::vector<NamedTensor> delta;    // what trains, in the order of its Trainable; N elements, stored as float32
  at::Tensor exp_avg;                // [N] float32
  at::Tensor exp_avg_sq;             // [N] float32
  std::int64_t optimizer_steps = 0;  // updates made
  std::string loop_state;            // the training loop's own line (best validation, patience, ...), opaque here
  std::string configuration;         // the resolved options as a config file
  std::string backbone_hash;         // of the frozen weights
  std::string corpus_hash;           // of the corpus' manifest, or of whatever the run trains on
  std::string revision;              // of Prelude
};

// Writes `path` atomically (temporary file, fsync, rename, fsync of the folder); tensors may be on any device. Throws
// UserError with the path and the system's reason; the file that was there before is then still there.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// Tensors come back on the CPU in float32, bit for bit. Throws UserError naming the file where it is cut, changed,
// of another schema version, no checkpoint, or holds a number that is not finite.
Checkpoint read_checkpoint(const std::string& path);

}  // namespace prelude
