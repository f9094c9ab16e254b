// The tensors of a T5, named as in the paper, and the one table that ties them to Hugging Face's names, shapes
// and initial spreads.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/t5/config.h"
#include "core/t5/tensor_parallel.h"

namespace prelude {

// A pre-norm attention sublayer. Every matrix is [out, in], as torch.nn.Linear keeps it.
struct AttentionWeights {
  at::Tensor norm;  // [D]
  at::Tensor q;     // [H*K,D]
  at::Tensor k;     // [H*K,D]
  at::Tensor v;     // [H*K,D]
  at::Tensor o;     // [D,H*K]
  // After fuse_weights, which makes q, k and v views of it: [3*H*K,D]; cross-attention: k and v, [2*H*K,D].
  at::Tensor fused;
};

// A pre-norm feed-forward sublayer: wi (plain) or wi_0 and wi_1 (gated); the others stay undefined.
struct FeedForwardWeights {
  at::Tensor norm;   // [D]
  at::Tensor wi;     // [F,D]
  at::Tensor wi_0;   // [F,D], through the activation
  at::Tensor wi_1;   // [F,D]
  at::Tensor wo;     // [D,F]
  at::Tensor fused;  // after fuse_weights, which makes wi_0 and wi_1 views of it: [2*F,D]
};

struct LayerWeights {
  AttentionWeights self_attention;
  AttentionWeights cross_attention;  // the decoder's; undefined in the encoder
  FeedForwardWeights feed_forward;
};

// Where the matrices of layers come from that are not whole on this rank. Layers are numbered through both stacks, the
// encoder's first.
class LayerSource {
 public:
  virtual ~LayerSource() = default;
  // Complete and valid until another layer is asked for; then their memory holds that one's. Every rank asks for the
  // same layers in the same order.
  virtual const LayerWeights& layer(std::int64_t number) = 0;
  // Of the memory that layers are completed in, beside what is held.
  virtual std::int64_t memory_bytes() const = 0;
};

struct StackWeights {
  std::vector<LayerWeights> layers;
  at::Tensor relative_bias;  // [R,H], shared by the layers
  at::Tensor reach_buckets;  // [2*max_distance+1] int64, made by Model on its device: which rows of relative_bias the
                             // nearest distances take
  at::Tensor reach;          // [H,2*max_distance+1], where relative_bias is frozen: those rows
  at::Tensor final_norm;     // [D]
  // Where set, the matrices in `layers` are undefined and come from here.
  std::shared_ptr<LayerSource> source;
  std::int64_t first_in_source = 0;

  // For use at once: see LayerSource::layer.
  const LayerWeights& layer(std::size_t i) const {
    return source ? source->layer(first_in_source + static_cast<std::int64_t>(i)) : layers[i];
  }
};

// Tensors share storage when a Weights is copied. Nobody writes to frozen ones (pages of a mapped file are read-only);
// trained ones require gradients (core/t5/trained_weights.h).
struct Weights {
  at::Tensor embedding;  // [V,D]
  at::Tensor lm_head;    // [V,D]; the embedding itself where tied
  StackWeights encoder;
  StackWeights decoder;
  // This rank's part of each layer's matrices (core/t5/flat_layers.h); empty where `layers` have them whole.
  std::vector<at::Tensor> layer_slices;

  // Bytes of all tensors held here, a tied one counted once, a matrix in 8 bits with its transposed copy and scales.
  std::int64_t bytes() const;
};

// How a tensor is shared out over tensor-parallel ranks: every rank has all of it, or an equal part of its rows (of a
// matrix's outputs) or of its columns (inputs, or heads in the relative-position table).
enum class Cut : std::int8_t { none = -1, rows = 0, columns = 1 };

// A tensor's place in Weights under its Hugging Face name ("encoder.block.0.layer.0.SelfAttention.q.weight").
struct WeightSlot {
  std::string name;
  std::vector<std::int64_t> shape;  // of the whole tensor
  Cut cut;
  double initial_std;  // of a normal distribution (transformers, T5PreTrainedModel._init_weights); 0: all ones
  std::reference_wrapper<at::Tensor> tensor;
  // The layer whose matrix it is, the encoder's layers first; -1: a norm, or no layer's own.
  std::int64_t layer = -1;
};

// Every tensor that `config` asks for, in a fixed order; resizes the stacks' layers to the config's. lm_head is among
// them only where it is not tied. The slots refer into `weights`.
std::vector<WeightSlot> weight_slots(const T5Config& config, Weights& weights);

// The shape of the part that each of `ranks` tensor-parallel ranks holds.
std::vector<std::int64_t> local_shape(const WeightSlot& slot, int ranks);
// The part of `whole` (the slot's shape) that `parallel`'s rank holds: a view of it, rows being contiguous.
at::Tensor local_slice(const WeightSlot& slot, const at::Tensor& whole, const TensorParallel& parallel);
// The same of every tensor, contiguous.
Weights slice_weights(const T5Config& config, const Weights& whole, const TensorParallel& parallel);

// Puts matrices that multiply the same input below each other, so that they make one product, and makes the single
// ones views of them. Copies those matrices once. Leaves undefined ones alone.
void fuse_weights(Weights& weights);

// Hexadecimal XXH3-128 of the name, dtype, shape and bytes of every tensor as it is held here, in the slots' order and
// slices last: two of them are compared to see that nothing was written. Device tensors are copied to the host one at a
// time.
std::string hash_weights(const T5Config& config, const Weights& weights);

}  // namespace prelude
