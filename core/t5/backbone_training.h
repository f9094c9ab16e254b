// What a step that trains every weight of a T5 costs one rank beside a step on a frozen backbone, by counting from
// shapes alone: gradients, optimiser, collectives, products. What the step itself keeps is in core/t5/step_memory.h.
#pragma once

#include <cstdint>

#include "core/t5/parallel_cost.h"

namespace prelude {

// How all weights train.
struct BackboneTraining {
  bool adafactor = false;       // factored second moments (Shazeer and Stern 2018), no first; else AdamW's two
  bool shard_optimizer = true;  // over the data-parallel ranks (ZeRO's first stage, Rajbhandari et al. 2020)
};

// Bytes that stay from step to step beside the weights, on the rank that has most.
struct TrainingState {
  std::int64_t gradient = 0;  // float32 sums of all its weights and what is summed beside the gradient
  std::int64_t master = 0;    // float32 copies of weights of fewer bits, of its shard
  std::int64_t moments = 0;   // float32, of its shard
  std::int64_t total() const { return gradient + master + moments; }
};
// `tensor` ranks share a backbone, `data` ranks train copies of it. AdamW's shards are equal, in whole blocks of 64
// elements; Adafactor's are runs of whole tensors, whose statistics it needs, the largest as small as can be.
TrainingState training_state(const T5Config& config, const BackboneTraining& training, std::int64_t tensor,
                             std::int64_t data, std::int64_t element_bytes);

// tensor_collectives where weights train: the decoder's first input gradients are made, 3 a layer backward.
TensorCollectives training_collectives(const T5Config& config, const BatchShape& shape, std::int64_t tensor,
                                       std::int64_t element_bytes);

// What the data-parallel ranks add up once a step: float32 [gradient of the rank's weights | what is summed beside it].
std::int64_t gradient_sum_bytes(const T5Config& config, std::int64_t tensor);

// Useful FLOPs of a step for one sequence: three times its forward, for inputs and weights get a gradient each.
double training_flops(const T5Config& config, std::int64_t source, std::int64_t target);
// On one rank; `replicated` is the output matrix, three products of it.
RankFlops training_rank_flops(const T5Config& config, std::int64_t source, std::int64_t target, std::int64_t tensor);

}  // namespace prelude
