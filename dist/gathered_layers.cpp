#include "dist/gathered_layers.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace prelude {

GatheredLayers::GatheredLayers(const T5Config& config, const Weights& weights, std::unique_ptr<Communicator> group)
    : group_(std::move(group)),
      weights_(weights),
      slots_(weight_slots(config, weights_)),
      layers_(flat_layers(slots_)) {
  const std::int64_t ranks = group_->size();
  std::int64_t capacity = 0;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::int64_t slice = layers_[i].slice(ranks);
    ensure(weights.layer_slices.size() == layers_.size() && weights.layer_slices[i].numel() == slice,
           "layer {} is not in slices of {} elements", i, slice);
    capacity = std::max(capacity, ranks * slice);
  }
  for (Buffer& buffer : buffers_) {
    buffer.lease.keeper = this;
    buffer.flat = lend(at::empty({capacity}, weights.layer_slices.front().options()), buffer.lease);
  }
}

const LayerWeights& GatheredLayers::layer(std::int64_t number) {
  visit(number);
  return views_of(number);
}

at::Tensor GatheredLayers::recall(std::int64_t layer) { return visit(layer).flat; }

void GatheredLayers::in_use() {
  for (const Buffer& buffer : buffers_) {
    if (buffer.begun) buffer.begun->advance();
  }
}

std::int64_t GatheredLayers::memory_bytes() const {
  return static_cast<std::int64_t>(buffers_[0].flat.nbytes() + buffers_[1].flat.nbytes());
}

GatheredLayers::Buffer* GatheredLayers::holding(std::int64_t number) {
  const auto found = std::find_if(buffers_.begin(), buffers_.end(),
                                  [&](const Buffer& buffer) { return buffer.lease.layer == number; });
  return found == buffers_.end() ? nullptr : &*found;
}

LayerWeights& GatheredLayers::views_of(std::int64_t number) {
  const auto i = static_cast<std::size_t>(number);
  const std::size_t below = weights_.encoder.layers.size();
  return i < below ? weights_.encoder.layers[i] : weights_.decoder.layers[i - below];
}

GatheredLayers::Buffer& GatheredLayers::visit(std::int64_t number) {
  if (number == at_) {
    in_use();
    return *holding(number);
  }
  const bool up = number == 0 || number > at_;
  at_ = number;
  if (holding(number) == nullptr) {  // a jump: nothing was begun for it
    for (Buffer& buffer : buffers_) complete(buffer);
    begin(number, buffers_[0]);
  }
  Buffer& here = *holding(number);
  complete(here);
  const std::int64_t next = up ? number + 1 : number - 1;
  if (next >= 0 && next < count() && holding(next) == nullptr) begin(next, buffers_[&here == buffers_.data() ? 1 : 0]);
  return here;
}

void GatheredLayers::begin(std::int64_t number, Buffer& into) {
  complete(into);
  if (into.lease.layer >= 0) {
    forget_layer(layers_[static_cast<std::size_t>(into.lease.layer)], slots_, views_of(into.lease.layer));
  }
  const FlatLayer& layer = layers_[static_cast<std::size_t>(number)];
  const std::int64_t slice = layer.slice(group_->size());
  const at::Tensor all = into.flat.narrow(0, 0, group_->size() * slice).view({group_->size(), slice});
  into.lease.layer = number;
  into.begun = group_->begin_all_gather(weights_.layer_slices[static_cast<std::size_t>(number)], all);
  view_layer(layer, into.flat, slots_, views_of(number));
}

void GatheredLayers::complete(Buffer& buffer) {
  if (buffer.begun) buffer.begun->finish();
  buffer.begun.reset();
}

void gather_layers(const T5Config& config, Weights& weights, std::unique_ptr<Communicator> group) {
  const auto source = std::make_shared<GatheredLayers>(config, weights, std::move(group));
  weights.encoder.source = source;
  weights.decoder.source = source;
  weights.decoder.first_in_source = config.num_layers;
}

}  // namespace prelude
