#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>

#include "core/delta/delta.h"
#include "core/ops/dropout.h"

namespace prelude {

// Where T5 drops within a sublayer (transformers, modeling_t5.py).
enum class DropoutPoint : std::uint8_t { attention_weights, intermediate, output };

// A forward's dropout: none, or a rate and the keys of the batch's examples. Where there is none, asking costs one
// test.
class DropoutSites {
 public:
  DropoutSites() = default;
  // keys [B] int64 (core/ops/dropout.h) on the model's device; 0 <= rate < 1.
  DropoutSites(double rate, at::Tensor keys) : rate_(rate), keys_(std::move(keys)) {}

  bool on() const { return rate_ > 0; }
  // x [B,S,C], or attention weights [B,H,S,M]. `first`: the first column, or head, of a tensor-parallel slice.
  at::Tensor drop(const at::Tensor& x, const SiteContext& context, DropoutPoint point, std::int64_t first = 0) const {
    if (!on()) return x;
    const auto sublayer = static_cast<std::int64_t>(context.sublayer);
    const std::int64_t layer = 1 + 2 * context.layer + static_cast<std::int64_t>(context.stack);
    const bool heads = point == DropoutPoint::attention_weights;
    return dropout(
        x, rate_, keys_,
        {(layer * 3 + sublayer) * 3 + static_cast<std::int64_t>(point), heads ? 0 : first, heads ? first : 0});
  }
  // A stack's input (`end` false) or its output after the last norm, [B,S,D].
  at::Tensor drop_stack(const at::Tensor& x, StackKind stack, bool end) const {
    return on() ? dropout(x, rate_, keys_, {2 * static_cast<std::int64_t>(stack) + (end ? 1 : 0), 0, 0}) : x;
  }

 private:
  double rate_ = 0;
  at::Tensor keys_;  // [B]
};

}  // namespace prelude
