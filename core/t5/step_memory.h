// An estimate of what a training step keeps in memory on one rank, of a soft prompt or of all weights, from what
// core/ops save for their backward. Counted, not fitted: allocator rounding, workspaces of libraries and the process
// itself are not in it.
#pragma once

#include <cstdint>

#include "core/t5/config.h"
#include "core/t5/parallel_cost.h"

namespace prelude {

struct StepMemory {
  std::int64_t encoder = 0;  // bytes saved by the encoder's operators
  std::int64_t decoder = 0;  // by the decoder's; most of it the cross-attention's keys and values, [B,S,H*K] a layer
  std::int64_t bias = 0;     // the self-attention biases, one a stack
  std::int64_t working = 0;  // the largest of: encoder output and block of logits; gradients of one decoder layer's
                             // keys and values; of one encoder layer, less the decoder's share, free by then; each with
                             // the gradients of weights that are there beside it
  std::int64_t total() const { return encoder + decoder + bias + working; }
};

// What a rank computes with.
struct StepPlace {
  std::int64_t tensor = 1;         // tensor-parallel ranks that share a backbone
  std::int64_t element_bytes = 4;  // of weights and activations
  bool cpu_kernels = false;        // the float32 kernels of core/ops/cpu, which read the bias by distance
  bool recompute = false;          // layers keep their input alone (core/t5/recompute.h)
  bool trains = false;             // all weights train, no prompt
  bool plain_attention = false;    // where the bias trains: no fused kernel, as on a CPU but in float32
};

// Bytes of one micro-batch's forward and backward at its highest, without weights. Per token of a stack, with e bytes
// an element, D, H, K and F as in core/shapes.h, H and F cut by `tensor`:
//   rms_norm            D e + 4        input and 1/rms
//   attention           4 H K e + 4 H  q, k, v, output, log-sum-exp (keys and values per key)
//   gated feed-forward  2 F e          both halves (plain: F e)
//   frozen linear       0
// With `recompute` a layer saves D e, one layer at a time the rest; the decoder's layers share the encoder's output.
// Where weights train, a token keeps beside it
//   linear map          the input where nothing else keeps it: D e of q, k, v, of wi and of a cross-attention's q, F e
//                       of wo; D e of an encoder token for all cross-attentions' k and v
// and, once, the decoder's first sublayers, which have a graph now. Plain attention keeps a matrix of scores a head,
// in float32 and in the activations' type. A position bias has a gradient, of its own and of the layer under way. The
// gradient of a weight is made before it is added to the sums: the output matrix' beside the logits, the embeddings'
// from the decoder's input on.
// `padded`: lengths differ within the micro-batch. The encoder's bias is [H,S,S], or with its mask [B,H,S,S]; by
// distance it is [H,2S-1].
StepMemory step_memory(const T5Config& config, const BatchShape& shape, const StepPlace& place, bool padded);

// Prompt, gradient, two moments of AdamW, all float32, and what is summed beside the gradient.
std::int64_t trained_bytes(const T5Config& config, std::int64_t prompt_rows);

}  // namespace prelude
