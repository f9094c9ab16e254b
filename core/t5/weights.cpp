#include "core/t5/weights.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <initializer_list>
#include <utility>

#include "core/io/checksum.h"
#include "core/ops/fp8_weight.h"
#include "core/t5/parallel_cost.h"

namespace prelude {
namespace {

// Collects slots; knows each kind's shape and spread once.
class SlotTable {
 public:
  explicit SlotTable(const T5Config& config) : c_(config) {}

  void embedding(std::string name, at::Tensor& tensor) {
    add(std::move(name), {c_.vocab_size, c_.d_model}, Cut::none, 1.0, tensor);
  }
  void relative_bias(std::string name, at::Tensor& tensor) {
    add(std::move(name), {c_.relative_attention_num_buckets, c_.num_heads}, Cut::columns, spread(c_.d_model), tensor);
  }
  void norm(std::string name, at::Tensor& tensor) { add(std::move(name), {c_.d_model}, Cut::none, 0.0, tensor); }

  // The matrices that follow are this layer's.
  void enter_layer(std::int64_t layer) { layer_ = layer; }

  // `sublayer`: ".../layer.0", `attention`: "SelfAttention" or "EncDecAttention".
  void attention(const std::string& sublayer, std::string_view attention, AttentionWeights& weights) {
    const std::int64_t inner = c_.inner();
    const std::int64_t d = c_.d_model;
    const auto name = [&](std::string_view linear) {
      return fmt::format("{}.{}.{}.weight", sublayer, attention, linear);
    };
    matrix(name("q"), {inner, d}, Cut::rows, spread(d * c_.d_kv), weights.q);
    matrix(name("k"), {inner, d}, Cut::rows, spread(d), weights.k);
    matrix(name("v"), {inner, d}, Cut::rows, spread(d), weights.v);
    matrix(name("o"), {d, inner}, Cut::columns, spread(inner), weights.o);
    norm(sublayer + ".layer_norm.weight", weights.norm);
  }

  void feed_forward(const std::string& sublayer, FeedForwardWeights& weights) {
    const std::int64_t d = c_.d_model;
    const auto name = [&](std::string_view linear) {
      return fmt::format("{}.DenseReluDense.{}.weight", sublayer, linear);
    };
    if (c_.gated) {
      matrix(name("wi_0"), {c_.d_ff, d}, Cut::rows, spread(d), weights.wi_0);
      matrix(name("wi_1"), {c_.d_ff, d}, Cut::rows, spread(d), weights.wi_1);
    } else {
      matrix(name("wi"), {c_.d_ff, d}, Cut::rows, spread(d), weights.wi);
    }
    matrix(name("wo"), {d, c_.d_ff}, Cut::columns, spread(c_.d_ff), weights.wo);
    norm(sublayer + ".layer_norm.weight", weights.norm);
  }

  std::vector<WeightSlot> take() { return std::move(slots_); }

 private:
  static double spread(std::int64_t fan) { return 1.0 / std::sqrt(static_cast<double>(fan)); }
  void add(std::string name, std::vector<std::int64_t> shape, Cut cut, double initial_std, at::Tensor& tensor) {
    slots_.push_back({std::move(name), std::move(shape), cut, initial_std, tensor});
  }
  void matrix(std::string name, std::vector<std::int64_t> shape, Cut cut, double initial_std, at::Tensor& tensor) {
    add(std::move(name), std::move(shape), cut, initial_std, tensor);
    slots_.back().layer = layer_;
  }

  const T5Config& c_;
  std::int64_t layer_ = -1;
  std::vector<WeightSlot> slots_;
};

// The matrices [n_i,D] as the rows of one, of which they become views.
at::Tensor fuse(std::initializer_list<std::reference_wrapper<at::Tensor>> matrices) {
  const std::vector<at::Tensor> parts(matrices.begin(), matrices.end());
  at::Tensor all = at::cat(parts, 0);
  std::int64_t row = 0;
  for (at::Tensor& matrix : matrices) {
    const std::int64_t rows = matrix.size(0);
    matrix = all.narrow(0, row, rows);
    row += rows;
  }
  return all;
}

void fuse_stack(StackWeights& stack) {
  for (LayerWeights& layer : stack.layers) {
    AttentionWeights& self = layer.self_attention;
    AttentionWeights& cross = layer.cross_attention;
    FeedForwardWeights& forward = layer.feed_forward;
    if (self.q.defined() && !self.fused.defined()) self.fused = fuse({self.q, self.k, self.v});
    if (cross.k.defined() && !cross.fused.defined()) cross.fused = fuse({cross.k, cross.v});
    if (forward.wi_0.defined() && !forward.fused.defined()) forward.fused = fuse({forward.wi_0, forward.wi_1});
  }
}

void add_stack(SlotTable& table, const std::string& stack, bool decoder, std::int64_t first, StackWeights& weights) {
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    LayerWeights& layer = weights.layers[i];
    table.enter_layer(first + static_cast<std::int64_t>(i));
    const std::string block = fmt::format("{}.block.{}.layer.", stack, i);
    table.attention(block + "0", "SelfAttention", layer.self_attention);
    if (i == 0) table.relative_bias(block + "0.SelfAttention.relative_attention_bias.weight", weights.relative_bias);
    if (decoder) table.attention(block + "1", "EncDecAttention", layer.cross_attention);
    table.feed_forward(block + (decoder ? "2" : "1"), layer.feed_forward);
  }
  table.norm(stack + ".final_layer_norm.weight", weights.final_norm);
}

}  // namespace

std::vector<WeightSlot> weight_slots(const T5Config& config, Weights& weights) {
  weights.encoder.layers.resize(static_cast<std::size_t>(config.num_layers));
  weights.decoder.layers.resize(static_cast<std::size_t>(config.num_decoder_layers));
  SlotTable table(config);
  table.embedding("shared.weight", weights.embedding);
  if (!config.tie_word_embeddings) table.embedding("lm_head.weight", weights.lm_head);
  add_stack(table, "encoder", false, 0, weights.encoder);
  add_stack(table, "decoder", true, config.num_layers, weights.decoder);
  return table.take();
}

std::int64_t Weights::bytes() const {
  std::int64_t sum = 0;
  const auto add = [&](const at::Tensor& tensor) {
    if (!tensor.defined()) return;
    const bool in_8_bits = tensor.scalar_type() == at::kFloat8_e4m3fn;
    sum += in_8_bits ? fp8_bytes(tensor) : static_cast<std::int64_t>(tensor.nbytes());
  };
  const auto add_attention = [&](const AttentionWeights& a) {
    for (const at::Tensor* tensor : {&a.norm, &a.q, &a.k, &a.v, &a.o}) add(*tensor);
  };
  for (const at::Tensor& slice : layer_slices) add(slice);
  add(embedding);
  if (!lm_head.is_same(embedding)) add(lm_head);
  for (const StackWeights* stack : {&encoder, &decoder}) {
    add(stack->relative_bias);
    add(stack->final_norm);
    for (const LayerWeights& layer : stack->layers) {
      const FeedForwardWeights& f = layer.feed_forward;
      add_attention(layer.self_attention);
      add_attention(layer.cross_attention);
      for (const at::Tensor* tensor : {&f.norm, &f.wi, &f.wi_0, &f.wi_1, &f.wo}) add(*tensor);
    }
  }
  return sum;
}

std::vector<std::int64_t> local_shape(const WeightSlot& slot, int ranks) {
  std::vector<std::int64_t> shape = slot.shape;
  if (slot.cut != Cut::none) shape[static_cast<std::size_t>(slot.cut)] /= ranks;
  return shape;
}

at::Tensor local_slice(const WeightSlot& slot, const at::Tensor& whole, const TensorParallel& parallel) {
  if (slot.cut == Cut::none || parallel.size() == 1) return whole;
  const auto dimension = static_cast<std::int64_t>(slot.cut);
  const std::int64_t part = whole.size(dimension) / parallel.size();
  return whole.narrow(dimension, parallel.rank() * part, part);
}

Weights slice_weights(const T5Config& config, const Weights& whole, const TensorParallel& parallel) {
  require_tensor_degree(config, parallel.size());
  Weights sliced = whole;
  for (const WeightSlot& slot : weight_slots(config, sliced)) {
    slot.tensor.get() = local_slice(slot, slot.tensor.get(), parallel).contiguous();
  }
  if (config.tie_word_embeddings) sliced.lm_head = sliced.embedding;
  return sliced;
}

void fuse_weights(Weights& weights) {
  fuse_stack(weights.encoder);
  fuse_stack(weights.decoder);
}

std::string hash_weights(const T5Config& config, const Weights& weights) {
  Weights copy = weights;  // shares storage
  Xxh3 hash;
  const auto add = [&](const std::string& name, const at::Tensor& held) {
    const at::Tensor tensor = held.cpu().contiguous();
    const std::string head =
        fmt::format("{}|{}|{}|", name, at::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), "x"));
    hash.update(head.data(), head.size());
    hash.update(tensor.const_data_ptr(), tensor.nbytes());
  };
  for (const WeightSlot& slot : weight_slots(config, copy)) {
    if (slot.tensor.get().defined()) add(slot.name, slot.tensor.get());
  }
  for (std::size_t i = 0; i < weights.layer_slices.size(); ++i)
    add(fmt::format("slice {}", i), weights.layer_slices[i]);
  return hash.hex();
}

}  // namespace prelude
