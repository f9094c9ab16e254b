// What one rank of a tensor-parallel group holds, computes and communicates in a training step on a frozen backbone, by
// counting from shapes alone. The cut is Megatron-LM's (Shoeybi et al. 2019, arXiv 1909.08053, section 3): attention by
// heads, the feed-forward by its width; embedding, output matrix and norms are whole on every rank.
#pragma once

#include <cstdint>
#include <vector>

#include "core/t5/config.h"

namespace prelude {

// Degrees that cut this backbone: they divide both the heads and the feed-forward width. Ascending, 1 first.
std::vector<std::int64_t> tensor_degrees(const T5Config& config);
// Throws UserError saying what `tensor` does not divide and naming the degrees that do.
void require_tensor_degree(const T5Config& config, std::int64_t tensor);

// Elements of the weights, a tied output matrix counted once.
struct WeightElements {
  std::int64_t sharded = 0;     // this rank's part of what is cut: q, k, v, wi* by rows, o, wo by columns, the
                                // relative-position tables by heads
  std::int64_t replicated = 0;  // the same on every rank
  std::int64_t resident() const { return sharded + replicated; }
};
// What the loader holds on each of `tensor` ranks, a degree that require_tensor_degree takes.
WeightElements resident_weights(const T5Config& config, std::int64_t tensor);

// A micro-batch without padding, as it enters the model.
struct BatchShape {
  std::int64_t batch;   // B
  std::int64_t source;  // S, prompt rows included
  std::int64_t target;  // T
};

struct Collectives {
  std::int64_t number = 0;
  std::int64_t bytes = 0;  // of the tensors that are added up, not of what a link carries
  Collectives& operator+=(const Collectives& other);
};

// The all-reduces of one micro-batch's forward and backward. A sublayer sums its output forward ([B,S,D] or [B,T,D])
// and its input's gradient backward. Two exceptions: the gradients of the encoder's output through the keys and values
// of all decoder layers are added up locally and summed over ranks once; and below the decoder's first cross-attention
// nothing depends on the prompt, so that two input gradients are never made.
struct TensorCollectives {
  Collectives encoder_forward;   // 2 a layer, [B,S,D]
  Collectives decoder_forward;   // 3 a layer, [B,T,D]
  Collectives encoder_backward;  // 2 a layer, [B,S,D]
  Collectives decoder_backward;  // 3 a layer less 2, [B,T,D]
  Collectives memory_backward;   // 1, [B,S,D]: the encoder's output
  Collectives total() const;
};
// `element_bytes` of an activation. One rank has none.
TensorCollectives tensor_collectives(const T5Config& config, const BatchShape& shape, std::int64_t tensor,
                                     std::int64_t element_bytes);

// Elements that a rank holds where each of `ranks` has a part of every layer's matrices (core/t5/flat_layers.h), and of
// the memory into which layers are gathered.
struct SharedElements {
  WeightElements held;
  std::int64_t memory = 0;
};
SharedElements shared_weights(const T5Config& config, std::int64_t ranks);

// The all-gathers of one micro-batch's forward and backward there, after another one: of all layers twice but the two
// that the memory still holds at each turn (dist/gathered_layers.h). Bytes are of whole layers. One rank has none.
Collectives layer_gathers(const T5Config& config, std::int64_t ranks, std::int64_t element_bytes);

// Beside the gradient a step adds up so many numbers (launch/train/step_sums.h): loss sum, label tokens and source
// tokens of two each, stop votes.
constexpr std::int64_t summed_beside_gradient = 6;

// The one world all-reduce of a step: float32 [gradient P*D | what is summed beside it].
std::int64_t world_sum_bytes(const T5Config& config, std::int64_t prompt_rows);

// What one of `ranks` sends in a ring all-reduce of `bytes`, and as much arrives: 2 (N-1)/N of them (Patarasuk and
// Yuan, JPDC 2009).
double ring_bytes(std::int64_t ranks, double bytes);
// The same of a ring all-gather that makes `bytes` out of equal parts: half of that.
double ring_gather_bytes(std::int64_t ranks, double bytes);

// FLOPs of a training step for one sequence (core/t5/flops.h) on one rank. Norms and activations are no matrix products
// and not counted.
struct RankFlops {
  double sharded;     // 1/tensor of the cut matrices and of attention
  double replicated;  // the output matrix, forward and its input's gradient: 4 T D V on every rank
  double total() const { return sharded + replicated; }
};
RankFlops rank_flops(const T5Config& config, std::int64_t source, std::int64_t target, std::int64_t tensor);

}  // namespace prelude
