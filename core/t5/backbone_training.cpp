#include "core/t5/backbone_training.h"

#include <c10/util/accumulate.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/t5/flops.h"
#include "core/t5/parallel_cost.h"
#include "core/t5/weights.h"

namespace prelude {
namespace {

constexpr std::int64_t wide = 4;  // bytes of a float32

// A tensor that trains, as a rank holds it.
struct Part {
  std::int64_t elements;
  std::int64_t factored;  // numbers of Adafactor's second moments
};

std::vector<Part> parts_of(const T5Config& config, std::int64_t tensor) {
  Weights none;
  std::vector<Part> parts;
  for (const WeightSlot& slot : weight_slots(config, none)) {
    const std::vector<std::int64_t> shape = local_shape(slot, static_cast<int>(tensor));
    const std::int64_t elements = c10::multiply_integers(shape);
    parts.push_back({elements, shape.size() >= 2 ? shape[0] + shape[1] : elements});
  }
  return parts;
}

std::int64_t elements_of(const T5Config& config, std::int64_t tensor) {
  return resident_weights(config, tensor).resident();
}

// Runs of parts, each of at most `most` elements, filled from the first on.
std::vector<std::vector<Part>> runs_within(const std::vector<Part>& parts, std::int64_t most) {
  std::vector<std::vector<Part>> runs(1);
  std::int64_t filled = 0;
  for (const Part& part : parts) {
    if (!runs.back().empty() && filled + part.elements > most) {
      runs.emplace_back();
      filled = 0;
    }
    runs.back().push_back(part);
    filled += part.elements;
  }
  return runs;
}

// At most `ranks` runs, the largest as small as can be.
std::vector<std::vector<Part>> balanced_runs(const std::vector<Part>& parts, std::int64_t ranks) {
  std::int64_t low = 0;  // too little
  std::int64_t high = 0;
  for (const Part& part : parts) {
    low = std::max(low, part.elements - 1);
    high += part.elements;
  }
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (static_cast<std::int64_t>(runs_within(parts, middle).size()) <= ranks ? high : low) = middle;
  }
  return runs_within(parts, high);
}

TrainingState adafactor_state(const T5Config& config, std::int64_t tensor, std::int64_t shards, bool copies) {
  TrainingState most;
  for (const std::vector<Part>& run : balanced_runs(parts_of(config, tensor), shards)) {
    TrainingState state;
    for (const Part& part : run) {
      state.master += copies ? wide * part.elements : 0;
      state.moments += wide * part.factored;
    }
    if (state.total() > most.total()) most = state;
  }
  return most;
}

TrainingState adamw_state(const T5Config& config, std::int64_t tensor, std::int64_t shards, bool copies) {
  constexpr std::int64_t block = 64;
  const std::int64_t all = elements_of(config, tensor);
  const std::int64_t whole_blocks = ((all + shards - 1) / shards + block - 1) / block * block;
  const std::int64_t elements = std::min(all, whole_blocks);
  return {0, copies ? wide * elements : 0, 2 * wide * elements};
}

}  // namespace

TrainingState training_state(const T5Config& config, const BackboneTraining& training, std::int64_t tensor,
                             std::int64_t data, std::int64_t element_bytes) {
  const std::int64_t shards = training.shard_optimizer ? data : 1;
  const bool copies = element_bytes < wide;
  TrainingState state = training.adafactor ? adafactor_state(config, tensor, shards, copies)
                                           : adamw_state(config, tensor, shards, copies);
  state.gradient = gradient_sum_bytes(config, tensor);
  return state;
}

TensorCollectives training_collectives(const T5Config& config, const BatchShape& shape, std::int64_t tensor,
                                       std::int64_t element_bytes) {
  TensorCollectives all = tensor_collectives(config, shape, tensor, element_bytes);
  all.decoder_backward = all.decoder_forward;
  return all;
}

std::int64_t gradient_sum_bytes(const T5Config& config, std::int64_t tensor) {
  return wide * (elements_of(config, tensor) + summed_beside_gradient);
}

double training_flops(const T5Config& config, std::int64_t source, std::int64_t target) {
  return 3.0 * forward_flops(config, source, target);
}

RankFlops training_rank_flops(const T5Config& config, std::int64_t source, std::int64_t target, std::int64_t tensor) {
  const double output = 6.0 * static_cast<double>(target) * static_cast<double>(config.d_model * config.vocab_size);
  return {(training_flops(config, source, target) - output) / static_cast<double>(tensor), output};
}

}  // namespace prelude
