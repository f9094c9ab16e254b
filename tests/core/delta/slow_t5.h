// A T5 with EverySite in it, written out for one example at a time: no batch, no padding, heads and positions by loops,
// ATen's own differentiation. Shares no code with core/t5 but the weights' names.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/t5/weights.h"
#include "tests/core/delta/every_site.h"

namespace prelude::test {

class SlowT5 {
 public:
  // parts: EverySite's tensors by name. task: the example's task id.
  SlowT5(const T5Config& config, const Weights& weights, SiteSet sites, std::map<std::string, at::Tensor> parts)
      : c_(config), w_(weights), sites_(sites), p_(std::move(parts)) {}

  // Sum of -log p(labels) of one example.
  at::Tensor loss(const std::vector<std::int64_t>& source, const std::vector<std::int64_t>& decoder,
                  const std::vector<std::int64_t>& labels, std::int64_t task) {
    at::Tensor x = rows_of(source);
    if (on(Site::encoder_input)) x = at::cat({p_["prompt"] * static_cast<double>(1 + task), x}, 0);
    beside_ = at::zeros_like(x);
    at::Tensor memory = stack(w_.encoder, StackKind::encoder, x, {});
    if (on(Site::encoder_output)) {
      if (on(Site::block_output)) memory = memory + beside_ * p_["ladder"];
      memory = memory * 1.5;
    }
    at::Tensor out = stack(w_.decoder, StackKind::decoder, rows_of(decoder), memory);
    if (c_.scale_decoder_outputs) out = out / std::sqrt(static_cast<double>(c_.d_model));
    const at::Tensor log_p = at::log_softmax(at::matmul(out, w_.lm_head.t()), 1);
    at::Tensor sum = at::zeros({}, at::kDouble);
    for (std::size_t i = 0; i < labels.size(); ++i) sum = sum - log_p[static_cast<std::int64_t>(i)][labels[i]];
    return sum;
  }

  // From here on the decoder's last query scores every key 0 before the bias is added.
  void blind_end() { blind_end_ = true; }

 private:
  bool on(Site site) const { return (sites_ & site_bit(site)) != 0; }
  at::Tensor rows_of(const std::vector<std::int64_t>& ids) const {
    std::vector<at::Tensor> rows;
    rows.reserve(ids.size());
    for (const std::int64_t id : ids) rows.push_back(w_.embedding[id]);
    return at::stack(rows);
  }

  at::Tensor norm(const at::Tensor& x, const at::Tensor& scale, double place) {
    const at::Tensor used = on(Site::layer_norm) ? scale * p_["norm_scale"] * place : scale;
    return x / (x.pow(2).mean(1, true) + c_.layer_norm_epsilon).sqrt() * used;
  }

  at::Tensor project(const at::Tensor& x, const at::Tensor& weight, LinearName name, double place) {
    at::Tensor y = at::matmul(x, weight.t());
    if (!on(Site::linear_output)) return y;
    if (name == LinearName::q) {
      return y + place * at::matmul(x, at::matmul(p_["low_rank_out"], p_["low_rank_in"]).t());
    }
    if (name == LinearName::wo) return y * p_["wo_scale"];
    return y * (1.0 + 0.03 * static_cast<double>(name));
  }

  std::int64_t bucket(std::int64_t distance, bool bidirectional) const {
    std::int64_t n = c_.relative_attention_num_buckets;
    std::int64_t side = 0;
    std::int64_t steps = -distance;
    if (bidirectional) {
      n /= 2;
      if (distance > 0) side = n;
      steps = std::abs(distance);
    } else if (steps < 0) {
      steps = 0;
    }
    const std::int64_t exact = n / 2;
    if (steps < exact) return side + steps;
    const double share = std::log(static_cast<double>(steps) / static_cast<double>(exact)) /
                         std::log(static_cast<double>(c_.relative_attention_max_distance) / static_cast<double>(exact));
    return side + std::min(n - 1, exact + static_cast<std::int64_t>(share * static_cast<double>(n - exact)));
  }

  // table: the stack's position table, or undefined for cross-attention.
  at::Tensor attend(const AttentionWeights& w, const at::Tensor& x, const at::Tensor& memory, const at::Tensor& table,
                    bool causal, double place) {
    const at::Tensor q = project(x, w.q, LinearName::q, place);
    at::Tensor k = project(memory, w.k, LinearName::k, place);
    at::Tensor v = project(memory, w.v, LinearName::v, place);
    std::int64_t before = 0;
    if (on(Site::keys_values)) {
      k = at::cat({p_["prefix_keys"], k * p_["key_scale"] * place}, 0);
      v = at::cat({p_["prefix_values"], v * p_["value_scale"]}, 0);
      before = prefix_rows;
    }
    std::vector<at::Tensor> heads;
    for (std::int64_t h = 0; h < c_.num_heads; ++h) {
      const auto head = [&](const at::Tensor& t) { return t.slice(1, h * c_.d_kv, (h + 1) * c_.d_kv); };
      at::Tensor bias = at::zeros({x.size(0), k.size(0)}, at::kDouble);
      for (std::int64_t i = 0; table.defined() && i < x.size(0); ++i) {
        for (std::int64_t j = 0; j < memory.size(0); ++j) {
          bias[i][before + j] =
              causal && j > i ? at::scalar_tensor(-INFINITY, at::kDouble) : table[bucket(j - i, !causal)][h];
        }
      }
      at::Tensor scores = at::matmul(head(q), head(k).t());
      if (blind_end_ && (causal || !table.defined())) {
        scores = at::cat({scores.slice(0, 0, -1), at::zeros({1, k.size(0)}, at::kDouble)}, 0);
      }
      heads.push_back(at::matmul(at::softmax(scores + bias, 1), head(v)));
    }
    return project(at::cat(heads, 1), w.o, LinearName::o, place);
  }

  at::Tensor activation(const at::Tensor& x) const {
    if (c_.activation == Activation::relu) return at::relu(x);
    return 0.5 * x * (1.0 + at::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x.pow(3))));
  }

  at::Tensor feed_forward(const FeedForwardWeights& w, const at::Tensor& x, double place) {
    at::Tensor h =
        c_.gated ? activation(project(x, w.wi_0, LinearName::wi_0, place)) * project(x, w.wi_1, LinearName::wi_1, place)
                 : activation(project(x, w.wi, LinearName::wi, place));
    if (on(Site::feed_forward_intermediate)) h = place * h * p_["intermediate"];
    at::Tensor y = project(h, w.wo, LinearName::wo, place);
    if (on(Site::feed_forward_branch)) y = y + place * at::tanh(x) * p_["branch"];
    return y;
  }

  at::Tensor adapted(const at::Tensor& y, double place) {
    if (!on(Site::sublayer_output)) return y;
    return y + place * at::matmul(at::relu(at::matmul(y, p_["adapter_down"].t())), p_["adapter_up"].t());
  }

  at::Tensor stack(const StackWeights& w, StackKind kind, at::Tensor x, const at::Tensor& memory) {
    const bool decoder = kind == StackKind::decoder;
    std::int64_t layer = 0;
    for (const LayerWeights& l : w.layers) {
      const double self = place_factor(kind, layer, Sublayer::self_attention);
      at::Tensor inside = norm(x, l.self_attention.norm, self);
      x = x + adapted(attend(l.self_attention, inside, inside, w.relative_bias, decoder, self), self);
      if (decoder) {
        const double cross = place_factor(kind, layer, Sublayer::cross_attention);
        inside = norm(x, l.cross_attention.norm, cross);
        x = x + adapted(attend(l.cross_attention, inside, memory, {}, false, cross), cross);
      }
      const double forward = place_factor(kind, layer, Sublayer::feed_forward);
      x = x + adapted(feed_forward(l.feed_forward, norm(x, l.feed_forward.norm, forward), forward), forward);
      if (!decoder) beside_ = beside_ + forward * x.detach();
      ++layer;
    }
    return norm(x, w.final_norm, place_factor(kind, layer, Sublayer::feed_forward));
  }

  T5Config c_;
  Weights w_;
  SiteSet sites_;
  std::map<std::string, at::Tensor> p_;
  at::Tensor beside_;
  bool blind_end_ = false;
};

}  // namespace prelude::test
