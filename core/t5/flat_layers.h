// A layer's matrices one after the other in one flat tensor, of which each of several ranks holds an equal part. Norms,
// embedding, output matrix and relative-position tables stay whole on every rank.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "core/t5/weights.h"

namespace prelude {

// Which part of every layer a rank holds.
struct LayerShare {
  int rank = 0;
  int ranks = 1;
};

struct FlatMatrix {
  std::size_t slot;     // in the table of weight_slots
  std::int64_t offset;  // in the flat layer, elements
  std::int64_t size;
};

struct FlatLayer {
  std::vector<FlatMatrix> matrices;  // in the slots' order, so that those of one product are neighbours
  std::int64_t elements = 0;
  // Of the part that each of `ranks` holds: the last ends with zeros where they do not divide the layer.
  std::int64_t slice(std::int64_t ranks) const { return (elements + ranks - 1) / ranks; }
};

// The encoder's layers, then the decoder's; `slots`: of weight_slots.
std::vector<FlatLayer> flat_layers(const std::vector<WeightSlot>& slots);

// The slots' tensors of `layer` as views of `flat` [>= elements], and the fused ones; `weights`: that which the slots
// refer to.
void view_layer(const FlatLayer& layer, const at::Tensor& flat, const std::vector<WeightSlot>& slots,
                LayerWeights& weights);
// Undefines what view_layer defined.
void forget_layer(const FlatLayer& layer, const std::vector<WeightSlot>& slots, LayerWeights& weights);

// The parts of one rank, filled matrix by matrix.
class LayerSlices {
 public:
  // Parts of zeros, of `options`' device and type.
  LayerSlices(const std::vector<WeightSlot>& slots, const LayerShare& share, const at::TensorOptions& options);
  // Copies what this rank holds of the slot's matrix, contiguous, of any device and type; reads no other element.
  void put(std::size_t slot, const at::Tensor& whole);
  std::vector<at::Tensor> take() { return std::move(slices_); }

 private:
  std::vector<FlatLayer> layers_;
  std::vector<std::int64_t> layer_of_slot_;
  LayerShare share_;
  std::vector<at::Tensor> slices_;  // [slice] each
};

// What a rank holds of whole weights: their layers' matrices in slices, the other tensors themselves.
Weights share_weights(const T5Config& config, const Weights& whole, const LayerShare& share);

}  // namespace prelude
