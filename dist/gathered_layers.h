// A backbone whose layers each rank holds a part of: a layer's matrices are gathered just before they are used, forward
// and backward, while the layer before is computed (the parameter sharding of Rajbhandari et al., ZeRO, arXiv
// 1910.02054, stage 3, without its gradients: nothing here trains).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/ops/frozen_weight.h"
#include "core/t5/flat_layers.h"
#include "dist/communicator.h"

namespace prelude {

// Two buffers take turns: one holds the layer in use, into the other the next one is gathered, which is the layer after
// or, once a lower one was asked for, the layer before. A layer that is still in a buffer is not gathered again: where
// the pass turns round, at the last layer and at the first, that saves two gathers each. So a micro-batch's forward and
// backward gather 2 (n-2) of n layers, and n-2 more after a forward alone.
class GatheredLayers final : public LayerSource, public WeightKeeper {
 public:
  // `weights` with layer_slices, the part of `group`'s rank; the slices are shared, not copied.
  GatheredLayers(const T5Config& config, const Weights& weights, std::unique_ptr<Communicator> group);
  GatheredLayers(const GatheredLayers&) = delete;
  GatheredLayers& operator=(const GatheredLayers&) = delete;
  ~GatheredLayers() override = default;

  const LayerWeights& layer(std::int64_t number) override;
  at::Tensor recall(std::int64_t layer) override;
  void in_use() override;
  std::int64_t memory_bytes() const override;

 private:
  struct Buffer {
    Lease lease;
    at::Tensor flat;               // [capacity], lent
    std::unique_ptr<Begun> begun;  // under way into it
  };

  std::int64_t count() const { return static_cast<std::int64_t>(layers_.size()); }
  Buffer* holding(std::int64_t number);
  LayerWeights& views_of(std::int64_t number);
  Buffer& visit(std::int64_t number);
  void begin(std::int64_t number, Buffer& into);
  static void complete(Buffer& buffer);

  std::unique_ptr<Communicator> group_;
  Weights weights_;  // whose layers' matrices are views of the buffers, or undefined
  std::vector<WeightSlot> slots_;
  std::vector<FlatLayer> layers_;
  std::array<Buffer, 2> buffers_;
  std::int64_t at_ = -1;  // the layer asked for last
};

// Gives weights of which each rank of `group` holds a share their source.
void gather_layers(const T5Config& config, Weights& weights, std::unique_ptr<Communicator> group);

}  // namespace prelude
