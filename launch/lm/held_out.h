#pragma once

#include <cstdint>
#include <vector>

#include "core/t5/batch.h"
#include "core/t5/model.h"
#include "dist/communicator.h"
#include "launch/train/validation.h"
#include "tasks/micro_batch_cut.h"
#include "tasks/pretext/pretext_task.h"

namespace prelude {

// Held-out windows of a language-model objective, ready on the device: the same at each validation of every run. The
// ranks share them out by micro-batches, and all get the same result to the bit, however many there are.
class HeldOut {
 public:
  // Validation samples 0 ... count - 1, or as many as there are. `data` (the ranks that share the data) outlives this.
  HeldOut(const PretextTask& objective, std::int64_t count, const MicroBatchLimits& limits, const T5Config& config,
          at::Device device, Communicator& data);

  // Mean loss a label token; makes no graph.
  ValidationResult evaluate(const Model& model) const;

 private:
  Communicator& data_;
  std::vector<Batch> mine_;     // every n-th of all
  std::int64_t all_parts_ = 0;  // of all ranks
  std::int64_t windows_ = 0;
  std::int64_t label_tokens_ = 0;
};

}  // namespace prelude
