#include "core/t5/flat_layers.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/error.h"

namespace prelude {
namespace {

// So many matrices [n,D] as the rows of one, beginning with `first`: they are neighbours in the flat layer.
at::Tensor fused_view(const at::Tensor& first, std::int64_t matrices) {
  return first.as_strided({matrices * first.size(0), first.size(1)}, {first.size(1), 1});
}

const FlatMatrix& matrix_of(const FlatLayer& layer, std::size_t slot) {
  const auto found = std::find_if(layer.matrices.begin(), layer.matrices.end(),
                                  [&](const FlatMatrix& matrix) { return matrix.slot == slot; });
  ensure(found != layer.matrices.end(), "slot {} is not in its layer", slot);
  return *found;
}

}  // namespace

std::vector<FlatLayer> flat_layers(const std::vector<WeightSlot>& slots) {
  std::vector<FlatLayer> layers;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].layer < 0) continue;
    layers.resize(std::max(layers.size(), static_cast<std::size_t>(slots[i].layer) + 1));
    FlatLayer& layer = layers[static_cast<std::size_t>(slots[i].layer)];
    const std::int64_t size = c10::multiply_integers(slots[i].shape);
    layer.matrices.push_back({i, layer.elements, size});
    layer.elements += size;
  }
  return layers;
}

void view_layer(const FlatLayer& layer, const at::Tensor& flat, const std::vector<WeightSlot>& slots,
                LayerWeights& weights) {
  for (const FlatMatrix& matrix : layer.matrices) {
    slots[matrix.slot].tensor.get() = flat.narrow(0, matrix.offset, matrix.size).view(slots[matrix.slot].shape);
  }
  AttentionWeights& self = weights.self_attention;
  AttentionWeights& cross = weights.cross_attention;
  FeedForwardWeights& forward = weights.feed_forward;
  self.fused = fused_view(self.q, 3);
  if (cross.k.defined()) cross.fused = fused_view(cross.k, 2);
  if (forward.wi_0.defined()) forward.fused = fused_view(forward.wi_0, 2);
}

void forget_layer(const FlatLayer& layer, const std::vector<WeightSlot>& slots, LayerWeights& weights) {
  for (const FlatMatrix& matrix : layer.matrices) slots[matrix.slot].tensor.get().reset();
  weights.self_attention.fused.reset();
  weights.cross_attention.fused.reset();
  weights.feed_forward.fused.reset();
}

LayerSlices::LayerSlices(const std::vector<WeightSlot>& slots, const LayerShare& share,
                         const at::TensorOptions& options)
    : layers_(flat_layers(slots)), share_(share) {
  for (const WeightSlot& slot : slots) layer_of_slot_.push_back(slot.layer);
  for (const FlatLayer& layer : layers_) slices_.push_back(at::zeros({layer.slice(share.ranks)}, options));
}

void LayerSlices::put(std::size_t slot, const at::Tensor& whole) {
  const auto number = static_cast<std::size_t>(layer_of_slot_.at(slot));
  const FlatLayer& layer = layers_[number];
  const FlatMatrix& matrix = matrix_of(layer, slot);
  const std::int64_t ours = layer.slice(share_.ranks);
  const std::int64_t begin = std::max(matrix.offset, share_.rank * ours);
  const std::int64_t end = std::min(matrix.offset + matrix.size, (share_.rank + 1) * ours);
  if (begin >= end) return;
  at::Tensor to = slices_[number].narrow(0, begin - share_.rank * ours, end - begin);
  to.copy_(whole.view({-1}).narrow(0, begin - matrix.offset, end - begin));
}

Weights share_weights(const T5Config& config, const Weights& whole, const LayerShare& share) {
  Weights shared = whole;
  const std::vector<WeightSlot> slots = weight_slots(config, shared);
  LayerSlices slices(slots, share, whole.embedding.options());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].layer < 0) continue;
    slices.put(i, slots[i].tensor.get());
    slots[i].tensor.get().reset();
  }
  for (StackWeights* stack : {&shared.encoder, &shared.decoder}) {
    for (LayerWeights& layer : stack->layers) {
      layer.self_attention.fused.reset();
      layer.cross_attention.fused.reset();
      layer.feed_forward.fused.reset();
    }
  }
  shared.layer_slices = slices.take();
  return shared;
}

}  // namespace prelude
