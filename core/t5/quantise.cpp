#include "core/t5/quantise.h"

#include <ATen/ATen.h>

#include <initializer_list>

#include "core/error.h"
#include "core/ops/fp8_tensor.h"

namespace prelude {
namespace {

// The fused matrix, of which `parts` are the rows in order.
void quantise_fused(at::Tensor& fused, std::initializer_list<at::Tensor*> parts) {
  fused = as_fp8(fused);
  std::int64_t row = 0;
  for (at::Tensor* const part : parts) {
    const std::int64_t rows = part->size(0);
    *part = fused.narrow(0, row, rows);
    row += rows;
  }
}

void quantise_layer(LayerWeights& layer) {
  AttentionWeights& self = layer.self_attention;
  AttentionWeights& cross = layer.cross_attention;
  FeedForwardWeights& forward = layer.feed_forward;
  quantise_fused(self.fused, {&self.q, &self.k, &self.v});
  self.o = as_fp8(self.o);
  if (cross.q.defined()) {
    cross.q = as_fp8(cross.q);
    quantise_fused(cross.fused, {&cross.k, &cross.v});
    cross.o = as_fp8(cross.o);
  }
  if (forward.fused.defined()) quantise_fused(forward.fused, {&forward.wi_0, &forward.wi_1});
  if (forward.wi.defined()) forward.wi = as_fp8(forward.wi);
  forward.wo = as_fp8(forward.wo);
}

}  // namespace

void quantise_layers(Weights& weights) {
  ensure(!weights.encoder.source && !weights.embedding.requires_grad(),
         "weights that are gathered or train do not go into 8 bits");
  for (StackWeights* stack : {&weights.encoder, &weights.decoder}) {
    for (LayerWeights& layer : stack->layers) quantise_layer(layer);
  }
}

}  // namespace prelude
