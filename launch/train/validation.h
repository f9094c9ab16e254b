#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "core/delta/delta.h"
#include "core/t5/batch.h"
#include "core/t5/model.h"
#include "dist/communicator.h"
#include "tasks/micro_batch_cut.h"
#include "tasks/pretext/pretext_task.h"

namespace prelude {

struct ValidationResult {
  double loss = 0;  // mean over label tokens
  // Share of examples whose right label word is the likeliest of those that it offers; none of a language model.
  std::optional<double> accuracy;
  std::int64_t examples = 0;
  // An example whose loss is not finite, by its number from 0; then the loss is not finite, and the accuracy means
  // nothing.
  std::optional<std::int64_t> not_finite = {};
};

// Held-out examples of a pretext task, ready on the device: the same at each evaluation of every run. The ranks share
// them out by micro-batches, and every rank gets the same result to the bit, however many there are.
class Validation {
 public:
  // Validation samples 0 ... count - 1 of `task`. `data` (the ranks that share the data) outlives this.
  Validation(const PretextTask& task, std::int64_t count, const MicroBatchLimits& limits, const T5Config& config,
             at::Device device, Communicator& data);

  // Makes no graph.
  ValidationResult evaluate(const Model& model, const Delta& delta) const;

 private:
  struct Part {
    Batch batch;
    at::Tensor answer_rows;  // [B] int64: the label position of the answer
    at::Tensor answers;      // [B] int64: the right one's place in label_ids
    at::Tensor not_offered;  // [B,C] bool
  };

  // The first example of micro-batch `part` of all whose loss is not finite. A collective.
  std::int64_t sample_in(std::int64_t part, const Model& model, const Delta& delta) const;

  Communicator& data_;
  std::vector<Part> parts_;     // this rank's: every n-th of all
  std::int64_t all_parts_ = 0;  // of all ranks
  at::Tensor label_ids_;        // [C] int64
  std::int64_t examples_ = 0;
  std::int64_t label_tokens_ = 0;
};

}  // namespace prelude
