#include "core/t5/relative_bias.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace prelude {

// The same float32 operations as the reference: a distance on a bucket's edge must round the same way.
at::Tensor relative_buckets(std::int64_t first, std::int64_t count, bool bidirectional, std::int64_t buckets,
                            std::int64_t max_distance) {
  const at::Tensor distance = at::arange(first, first + count, at::kLong);  // [count]
  at::Tensor offset = at::zeros_like(distance);
  at::Tensor steps;  // [count], >= 0
  if (bidirectional) {
    buckets /= 2;
    offset = distance.gt(0).to(at::kLong) * buckets;
    steps = distance.abs();
  } else {
    steps = -distance.clamp_max(0);
  }
  const std::int64_t exact = buckets / 2;
  const double range = std::log(static_cast<double>(max_distance) / static_cast<double>(exact));
  const at::Tensor far = (at::log(steps.to(at::kFloat) / exact) / range * (buckets - exact)).to(at::kLong) + exact;
  return offset + at::where(steps.lt(exact), steps, far.clamp_max(buckets - 1));
}

at::Tensor distance_buckets(std::int64_t length, bool bidirectional, const T5Config& config) {
  return relative_buckets(1 - length, 2 * length - 1, bidirectional, config.relative_attention_num_buckets,
                          config.relative_attention_max_distance);
}

at::Tensor bucket_bias(const at::Tensor& table, const at::Tensor& buckets) {
  return table.index_select(0, buckets).t().contiguous();
}

at::Tensor distance_bias(const at::Tensor& reach, std::int64_t length) {
  const std::int64_t farthest = (reach.size(1) - 1) / 2;
  const at::Tensor distance = at::arange(1 - length, length, reach.options().dtype(at::kLong));  // [2*length-1]
  return reach.index_select(1, distance.clamp_(-farthest, farthest).add_(farthest));
}

at::Tensor dense_bias(const at::Tensor& by_distance, bool causal) {
  const std::int64_t length = (by_distance.size(1) + 1) / 2;
  // Window w holds distances w-(length-1).. for each key, so query i reads window length-1-i.
  at::Tensor bias = by_distance.unfold(1, length, 1).flip(1).unsqueeze(0);  // [1,H,length,length]
  if (causal && length > 1) {
    const at::Tensor later = at::ones({length, length}, bias.options().dtype(at::kBool)).triu_(1);
    bias.masked_fill_(later, hidden_score(bias.scalar_type()));
  }
  return bias;
}

AttentionBias self_attention_bias(const at::Tensor& reach, std::int64_t length, const at::Tensor& lengths,
                                  bool bidirectional, bool dense) {
  AttentionBias bias{length, distance_bias(reach, length), !bidirectional, lengths, lengths, {}};
  if (dense || bias_is_dense(reach)) {
    bias.dense = dense_bias(bias.by_distance, bias.causal);
    if (lengths.defined()) {
      bias.dense = bias.dense.masked_fill(padding_mask(lengths, length), hidden_score(reach.scalar_type()));
    }
    bias.dense = aligned_bias(bias.dense);
  }
  return bias;
}

AttentionBias cross_attention_bias(std::int64_t length, const at::Tensor& lengths, const at::Tensor& like, bool dense) {
  AttentionBias bias{length, {}, false, lengths, {}, {}};
  if (lengths.defined() && (dense || bias_is_dense(like))) {
    const at::Tensor padding = padding_mask(lengths, length);  // [B,1,1,length]
    const at::Tensor visible = at::zeros(padding.sizes(), like.options());
    bias.dense = aligned_bias(visible.masked_fill(padding, hidden_score(like.scalar_type())));
  }
  return bias;
}

at::Tensor padding_mask(const at::Tensor& lengths, std::int64_t length) {
  const at::Tensor positions = at::arange(length, lengths.options());
  return positions.unsqueeze(0).ge(lengths.unsqueeze(1)).unsqueeze(1).unsqueeze(1);
}

double hidden_score(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return std::numeric_limits<double>::lowest();
    case at::kBFloat16:
      return static_cast<double>(std::numeric_limits<at::BFloat16>::lowest());
    case at::kHalf:
      return static_cast<double>(std::numeric_limits<at::Half>::lowest());
    default:
      return static_cast<double>(std::numeric_limits<float>::lowest());
  }
}

}  // namespace prelude
