// The seam where small trainable parts enter the frozen T5. The T5 code calls a delta at named sites and knows nothing
// of what is behind them; a new delta is one file in core/delta, without an edit in core/t5.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "core/delta/trainable.h"

namespace prelude {

enum class StackKind : std::uint8_t { encoder, decoder };
enum class Sublayer : std::uint8_t { self_attention, cross_attention, feed_forward };
enum class LinearName : std::uint8_t { q, k, v, o, wi, wi_0, wi_1, wo };

// One bit a site (docs/architecture.md, "Sites").
enum class Site : std::uint32_t {
  encoder_input = 1U << 0,
  keys_values = 1U << 1,
  linear_output = 1U << 2,
  sublayer_output = 1U << 3,
  feed_forward_branch = 1U << 4,
  feed_forward_intermediate = 1U << 5,
  layer_norm = 1U << 6,
  block_output = 1U << 7,
  encoder_output = 1U << 8,
};
using SiteSet = std::uint32_t;
constexpr SiteSet site_bit(Site site) { return static_cast<SiteSet>(site); }

// Where in the model a site is called from.
struct SiteContext {
  StackKind stack;
  std::int64_t layer;  // 0-based
  Sublayer sublayer;
  const at::Tensor& task_ids;  // [B] int64, or undefined
};

struct EncoderInput {
  at::Tensor embeddings;  // [B,S,D] in, [B,P+S,D] out
  at::Tensor ids;         // [B,S] int64
  at::Tensor lengths;     // [B] int64; out: P rows more
  bool full = false;      // every length is S (out: P+S): nothing is padded
};

struct KeysValues {
  at::Tensor keys;    // [B,H,S,K]
  at::Tensor values;  // [B,H,S,K]
};

// Every site's default is the identity (the branch's: undefined). A delta overrides the sites it names in sites(); the
// others are never called. Under tensor parallelism tensors at keys_values, linear_output of q/k/v/wi, the x of o/wo
// and feed_forward_intermediate are the local slice; all others are whole.
class Delta {
 public:
  virtual ~Delta() = default;
  Delta() = default;
  Delta(const Delta&) = delete;
  Delta& operator=(const Delta&) = delete;

  virtual SiteSet sites() const = 0;
  // What trains. Never empty.
  virtual Trainable& trainable() = 0;
  virtual const Trainable& trainable() const = 0;

  virtual EncoderInput encoder_input(EncoderInput input, const at::Tensor& task_ids) const;
  // May prepend rows (a prefix): they have no query, and their bias columns are 0.
  virtual KeysValues keys_values(const SiteContext& context, KeysValues keys_values) const;
  // x [B,S,in], y = W x [B,S,out] -> y. What is given may be a view of a larger product: it is not written to.
  virtual at::Tensor linear_output(const SiteContext& context, LinearName linear, const at::Tensor& x,
                                   at::Tensor y) const;
  // y [B,S,D] before the residual is added.
  virtual at::Tensor sublayer_output(const SiteContext& context, at::Tensor y) const;
  // normalised x [B,S,D] -> [B,S,D] added to the feed-forward's output.
  virtual at::Tensor feed_forward_branch(const SiteContext& context, const at::Tensor& x) const;
  // h [B,S,F], input of wo.
  virtual at::Tensor feed_forward_intermediate(const SiteContext& context, at::Tensor h) const;
  // scale [D] of the norm before a sublayer; the final norm of a stack has layer = number of layers, feed_forward.
  virtual at::Tensor layer_norm(const SiteContext& context, const at::Tensor& scale) const;
  // Detached output [B,S,D] of each block, for a network beside the backbone. A delta that only uses this site runs the
  // backbone without a graph.
  virtual void block_output(const SiteContext& context, const at::Tensor& hidden) const;
  // hidden [B,S,D] after the encoder's final norm.
  virtual at::Tensor encoder_output(at::Tensor hidden, const at::Tensor& lengths) const;
};

}  // namespace prelude
