// A delta for tests that enters the backbone at every site, or at the ones it is told.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/delta/delta.h"
#include "core/t5/config.h"
#include "tests/core/random_tensor.h"

namespace prelude::test {

constexpr std::int64_t prompt_rows = 3;
constexpr std::int64_t prefix_rows = 2;

// What EverySite trains, in this order; SlowT5 reads the same names.
inline std::vector<NamedShape> every_site_parts(const T5Config& c) {
  return {{"prompt", {prompt_rows, c.d_model}},
          {"prefix_keys", {prefix_rows, c.inner()}},
          {"prefix_values", {prefix_rows, c.inner()}},
          {"key_scale", {c.inner()}},
          {"value_scale", {c.inner()}},
          {"low_rank_in", {2, c.d_model}},
          {"low_rank_out", {c.inner(), 2}},
          {"wo_scale", {c.d_model}},
          {"adapter_down", {3, c.d_model}},
          {"adapter_up", {c.d_model, 3}},
          {"branch", {c.d_model}},
          {"intermediate", {c.d_ff}},
          {"norm_scale", {c.d_model}},
          {"ladder", {c.d_model}}};
}

// A factor of its own for each place in the model, so that a site called with a wrong context shows.
inline double place_factor(StackKind stack, std::int64_t layer, Sublayer sublayer) {
  return 1.0 + 0.1 * static_cast<double>(layer) + (stack == StackKind::decoder ? 0.37 : 0.0) +
         0.05 * static_cast<double>(sublayer);
}

class EverySite final : public Delta {
 public:
  EverySite(const T5Config& config, SiteSet sites, std::uint64_t seed)
      : config_(config), sites_(sites), trainable_(every_site_parts(config), at::TensorOptions(at::kDouble)) {
    for (std::size_t i = 0; i < trainable_.parts().size(); ++i) {
      trainable_.set(i, 0.5 * random_tensor(trainable_.parts()[i].shape, seed + i));
    }
  }

  SiteSet sites() const override { return sites_; }
  Trainable& trainable() override { return trainable_; }
  const Trainable& trainable() const override { return trainable_; }

  EncoderInput encoder_input(EncoderInput input, const at::Tensor& task_ids) const override {
    const at::Tensor factors = (task_ids + 1).to(at::kDouble).view({-1, 1, 1});  // [B,1,1]
    input.embeddings = at::cat({part("prompt").unsqueeze(0) * factors, input.embeddings}, 1);
    input.lengths = input.lengths + prompt_rows;
    return input;
  }

  KeysValues keys_values(const SiteContext& context, KeysValues rows) const override {
    const auto scale = [&](const char* name) { return part(name).view({1, config_.num_heads, 1, config_.d_kv}); };
    const auto prefix = [&](const char* name) {
      return part(name).view({1, prefix_rows, config_.num_heads, config_.d_kv}).transpose(1, 2);
    };
    const std::int64_t batch = rows.keys.size(0);
    rows.keys = at::cat(
        {prefix("prefix_keys").expand({batch, -1, -1, -1}), rows.keys * scale("key_scale") * place(context)}, 2);
    rows.values = at::cat({prefix("prefix_values").expand({batch, -1, -1, -1}), rows.values * scale("value_scale")}, 2);
    return rows;
  }

  at::Tensor linear_output(const SiteContext& context, LinearName linear, const at::Tensor& x,
                           at::Tensor y) const override {
    if (linear == LinearName::q) {
      return y + place(context) * at::matmul(at::matmul(x, part("low_rank_in").t()), part("low_rank_out").t());
    }
    if (linear == LinearName::wo) return y * part("wo_scale");
    // The others: a factor each.
    return y * (1.0 + 0.03 * static_cast<double>(linear));
  }

  at::Tensor sublayer_output(const SiteContext& context, at::Tensor y) const override {
    const at::Tensor inside = at::relu(at::matmul(y, part("adapter_down").t()));
    return y + place(context) * at::matmul(inside, part("adapter_up").t());
  }

  at::Tensor feed_forward_branch(const SiteContext& context, const at::Tensor& x) const override {
    return place(context) * at::tanh(x) * part("branch");
  }

  at::Tensor feed_forward_intermediate(const SiteContext& context, at::Tensor h) const override {
    return place(context) * h * part("intermediate");
  }

  at::Tensor layer_norm(const SiteContext& context, const at::Tensor& scale) const override {
    return scale * part("norm_scale") * place(context);
  }

  void block_output(const SiteContext& context, const at::Tensor& hidden) const override {
    ++blocks_;
    graph_in_block_output_ |= hidden.requires_grad();
    if (context.stack != StackKind::encoder) return;
    beside_ = beside_.defined() ? beside_ + place(context) * hidden : place(context) * hidden;
  }

  at::Tensor encoder_output(at::Tensor hidden, const at::Tensor& lengths) const override {
    lengths_ = lengths;
    if (beside_.defined()) hidden = hidden + beside_ * part("ladder");
    beside_ = at::Tensor();
    return hidden * 1.5;
  }

  int blocks() const { return blocks_; }
  bool graph_in_block_output() const { return graph_in_block_output_; }
  at::Tensor lengths() const { return lengths_; }  // as encoder_output was given them

 private:
  static double place(const SiteContext& context) {
    return place_factor(context.stack, context.layer, context.sublayer);
  }
  at::Tensor part(const std::string& name) const {
    for (std::size_t i = 0; i < trainable_.parts().size(); ++i) {
      if (trainable_.parts()[i].name == name) return trainable_.part(i);
    }
    throw std::logic_error("no part " + name);
  }

  T5Config config_;
  SiteSet sites_;
  Trainable trainable_;
  mutable at::Tensor beside_;  // sum of the encoder's block outputs
  mutable at::Tensor lengths_;
  mutable int blocks_ = 0;
  mutable bool graph_in_block_output_ = false;
};

}  // namespace prelude::test
