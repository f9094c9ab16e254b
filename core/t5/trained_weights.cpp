#include "core/t5/trained_weights.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "core/error.h"

namespace prelude {
namespace {

// So many matrices [n,D] as the rows of one, beginning with `first`: they are neighbours in the flat parameter.
at::Tensor rows_from(const at::Tensor& first, std::int64_t matrices) {
  return first.as_strided({matrices * first.size(0), first.size(1)}, {first.size(1), 1});
}

using Visit = std::function<void(at::Tensor& leaf)>;

// Every tensor that takes part in a product, a norm or a look-up of its own.
void for_each_leaf(Weights& weights, bool tied, const Visit& visit) {
  visit(weights.embedding);
  if (!tied) visit(weights.lm_head);
  for (StackWeights* stack : {&weights.encoder, &weights.decoder}) {
    visit(stack->relative_bias);
    visit(stack->final_norm);
    for (LayerWeights& layer : stack->layers) {
      AttentionWeights& self = layer.self_attention;
      AttentionWeights& cross = layer.cross_attention;
      FeedForwardWeights& forward = layer.feed_forward;
      for (at::Tensor* leaf : {&self.norm, &self.fused, &self.o, &forward.norm, &forward.wo}) visit(*leaf);
      visit(forward.fused.defined() ? forward.fused : forward.wi);
      if (!cross.q.defined()) continue;
      for (at::Tensor* leaf : {&cross.norm, &cross.q, &cross.fused, &cross.o}) visit(*leaf);
    }
  }
}

class GradientHook final : public torch::autograd::PostAccumulateGradHook {
 public:
  explicit GradientHook(std::function<void()> call) : call_(std::move(call)) {}
  void operator()(const at::Tensor& /*leaf*/) override { call_(); }

 private:
  std::function<void()> call_;
};

void fuse_views(StackWeights& stack) {
  for (LayerWeights& layer : stack.layers) {
    layer.self_attention.fused = rows_from(layer.self_attention.q, 3);
    if (layer.cross_attention.k.defined()) layer.cross_attention.fused = rows_from(layer.cross_attention.k, 2);
    if (layer.feed_forward.wi_0.defined()) layer.feed_forward.fused = rows_from(layer.feed_forward.wi_0, 2);
  }
}

}  // namespace

TrainedWeights::TrainedWeights(const T5Config& config, Weights weights) : weights_(std::move(weights)) {
  ensure(weights_.layer_slices.empty(), "weights that are gathered layer by layer do not train");
  const at::NoGradGuard no_graph;
  const std::vector<WeightSlot> slots = weight_slots(config, weights_);
  std::int64_t size = 0;
  for (const WeightSlot& slot : slots) {
    const at::Tensor& tensor = slot.tensor.get();
    parts_.push_back({slot.name, tensor.sizes().vec(), size, tensor.numel(), slot.cut});
    size += tensor.numel();
  }
  flat_ = at::empty({size}, weights_.embedding.options());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    at::Tensor& tensor = slots[i].tensor.get();
    const at::Tensor view = flat_.narrow(0, parts_[i].offset, parts_[i].size).view(parts_[i].shape);
    view.copy_(tensor);
    tensor = view;
  }
  fuse_views(weights_.encoder);
  fuse_views(weights_.decoder);
  for_each_leaf(weights_, config.tie_word_embeddings, [&](at::Tensor& leaf) {
    leaf = leaf.detach().requires_grad_(true);
    leaves_.push_back(leaf);
  });
  std::sort(leaves_.begin(), leaves_.end(),
            [](const at::Tensor& a, const at::Tensor& b) { return a.storage_offset() > b.storage_offset(); });
  // The output matrix lies beside the embeddings, at the beginning, but its gradient is the first.
  if (!config.tie_word_embeddings) std::rotate(leaves_.begin(), leaves_.end() - 2, leaves_.end() - 1);
  listen_to_leaves();
  if (config.tie_word_embeddings) weights_.lm_head = weights_.embedding;
}

void TrainedWeights::accumulate_into(const at::Tensor& gradient) const {
  ensure(gradient.sizes() == flat_.sizes(), "a gradient of {} elements for {} weights", gradient.numel(),
         flat_.numel());
  // Autograd adds to what is there in place, whatever its dtype.
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    leaves_[i].mutable_grad() = gradient.narrow(0, places_[i].offset, places_[i].size).view(leaves_[i].sizes());
  }
}

void TrainedWeights::on_gradient(std::function<void(std::size_t leaf)> told) const {
  listener_->told = std::move(told);
}

void TrainedWeights::listen_to_leaves() {
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    places_.push_back({leaves_[i].storage_offset(), leaves_[i].numel()});
    torch::autograd::impl::set_post_acc_grad_hooks(leaves_[i],
                                                   std::make_unique<GradientHook>([listener = listener_, i] {
                                                     if (listener->told) listener->told(i);
                                                   }));
  }
}

}  // namespace prelude
