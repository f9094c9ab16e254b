#include "core/t5/parallel_cost.h"

#include <gtest/gtest.h>

#include "core/t5/flops.h"
#include "tests/core/t5/small_backbone.h"
#include "tests/message_of.h"

namespace prelude::test {
namespace {

constexpr std::int64_t bf16 = 2;

// 4 heads, 40 wide: degrees 1, 2 and 4.
T5Config cut_config(bool gated, bool tied) {
  T5Config config = small_config();
  config.num_heads = 4;
  config.d_ff = 40;
  config.gated = gated;
  config.tie_word_embeddings = tied;
  return config;
}

TEST(ParallelCost, AtXxlIsThePublishedOne) {
  const T5Config config = named_t5_config("t5-xxl");
  EXPECT_EQ(resident_weights(config, 1).resident(), 11'135'332'352);
  EXPECT_EQ(tensor_collectives(config, {16, 512, 10}, 8, bf16).total().number, 239);
  EXPECT_EQ(world_sum_bytes(config, 100), 4 * (100 * 4096 + 6));
  EXPECT_NEAR(static_cast<double>(encoder_token_weights(config)), 5.436e9, 0.0005e9);
}

// The oracle cuts real tensors, field by field, and counts what the first rank keeps.
std::int64_t kept(const at::Tensor& tensor, std::int64_t tensor_parallel, std::int64_t dimension) {
  return tensor.defined() ? tensor.chunk(tensor_parallel, dimension)[0].numel() : 0;
}

WeightElements cut_by_hand(const Weights& weights, bool tied, std::int64_t n) {
  WeightElements held;
  held.replicated = weights.embedding.numel() + (tied ? 0 : weights.lm_head.numel());
  const auto attention = [&](const AttentionWeights& a) {
    held.sharded += kept(a.q, n, 0) + kept(a.k, n, 0) + kept(a.v, n, 0) + kept(a.o, n, 1);
    held.replicated += kept(a.norm, 1, 0);
  };
  for (const StackWeights* stack : {&weights.encoder, &weights.decoder}) {
    held.sharded += kept(stack->relative_bias, n, 1);
    held.replicated += stack->final_norm.numel();
    for (const LayerWeights& layer : stack->layers) {
      attention(layer.self_attention);
      attention(layer.cross_attention);
      const FeedForwardWeights& f = layer.feed_forward;
      held.sharded += kept(f.wi, n, 0) + kept(f.wi_0, n, 0) + kept(f.wi_1, n, 0) + kept(f.wo, n, 1);
      held.replicated += f.norm.numel();
    }
  }
  return held;
}

TEST(ParallelCost, OfWeightsIsWhatCutTensorsHold) {
  for (const bool gated : {false, true}) {
    for (const bool tied : {false, true}) {
      const T5Config config = cut_config(gated, tied);
      const Weights weights = spread_weights(config, 1, at::kFloat);
      for (const std::int64_t n : tensor_degrees(config)) {
        const WeightElements expected = cut_by_hand(weights, tied, n);
        const WeightElements counted = resident_weights(config, n);
        EXPECT_EQ(counted.sharded, expected.sharded) << gated << tied << n;
        EXPECT_EQ(counted.replicated, expected.replicated) << gated << tied << n;
        EXPECT_EQ(n * counted.sharded + counted.replicated, weights.bytes() / 4) << gated << tied << n;
      }
    }
  }
}

TEST(ParallelCost, NamesTheDegreesThatCut) {
  const T5Config xxl = named_t5_config("t5-xxl");
  EXPECT_EQ(tensor_degrees(xxl), (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 64}));
  EXPECT_EQ(message_of([&] { require_tensor_degree(xxl, 3); }),
            "tensor parallel 3 does not divide 64 heads; use 1, 2, 4, 8, 16, 32, 64");
  T5Config narrow = cut_config(true, false);
  narrow.d_ff = 18;
  EXPECT_EQ(message_of([&] { require_tensor_degree(narrow, 4); }),
            "tensor parallel 4 does not divide the feed-forward width 18; use 1, 2");
  require_tensor_degree(narrow, 2);
}

// The oracle walks the model sublayer by sublayer, and knows whether a sublayer's input depends on the prompt.
class Walk {
 public:
  Walk(const T5Config& config, const BatchShape& shape)
      : source_(shape.batch * shape.source * config.d_model * bf16),
        target_(shape.batch * shape.target * config.d_model * bf16) {
    bool depends = true;  // the prompt is in the encoder's input
    for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
      for (int sublayer = 0; sublayer < 2; ++sublayer) step(source_, depends, depends);
    }
    bool decoder_depends = false;
    for (std::int64_t layer = 0; layer < config.num_decoder_layers; ++layer) {
      step(target_, decoder_depends, decoder_depends);  // self-attention
      step(target_, decoder_depends, depends);          // cross-attention: keys and values depend
      decoder_depends = true;
      step(target_, decoder_depends, decoder_depends);  // feed-forward
    }
    ++sums_.number;  // gradient of the encoder's output
    sums_.bytes += source_;
  }
  Collectives sums() const { return sums_; }

 private:
  // A sublayer's output is summed forward; its input's gradient backward where the input depends on the prompt.
  void step(std::int64_t bytes, bool input_depends, bool output_depends) {
    ASSERT_TRUE(output_depends || !input_depends);
    sums_ += {1, bytes};
    if (input_depends) sums_ += {1, bytes};
  }

  std::int64_t source_;
  std::int64_t target_;
  Collectives sums_;
};

TEST(ParallelCost, OfCollectivesIsAWalkThroughTheLayers) {
  for (const char* name : {"tiny", "t5-small", "t5-xl", "t5-xxl"}) {
    for (const BatchShape& shape : {BatchShape{1, 44, 2}, BatchShape{16, 512, 10}}) {
      T5Config config = named_t5_config(name);
      config.num_decoder_layers -= 1;  // unlike the encoder's
      const Collectives expected = Walk(config, shape).sums();
      const Collectives counted = tensor_collectives(config, shape, 2, bf16).total();
      EXPECT_EQ(counted.number, expected.number) << name;
      EXPECT_EQ(counted.bytes, expected.bytes) << name;
      EXPECT_EQ(tensor_collectives(config, shape, 1, bf16).total().number, 0);
    }
  }
}

// The oracle runs the ring: N-1 rounds of a chunk each to reduce and scatter, N-1 to gather.
TEST(ParallelCost, OfARingIsItsRounds) {
  for (const std::int64_t ranks : {1, 2, 4, 64}) {
    const double bytes = 6400;
    double sent = 0;
    for (std::int64_t round = 1; round < ranks; ++round) sent += 2 * bytes / static_cast<double>(ranks);
    EXPECT_NEAR(ring_bytes(ranks, bytes), sent, 1e-6) << ranks;
  }
}

// The oracle adds up the weight products by their shapes and the attention layer by layer.
TEST(ParallelCost, OfFlopsCutsAllButTheOutputMatrix) {
  for (const char* name : {"tiny", "t5-small", "t5-xxl"}) {
    const T5Config config = named_t5_config(name);
    const std::int64_t s = 77;
    const std::int64_t t = 5;
    for (const std::int64_t n : {std::int64_t{1}, tensor_degrees(config).back()}) {
      double cut = 0;
      double whole = 0;
      for (const MatrixProduct& p : weight_products(config, 1, s, t)) {
        const double twice = 2.0 * 2.0 * static_cast<double>(p.rows * p.count) * static_cast<double>(p.in * p.out);
        (p.out == config.vocab_size ? whole : cut) += twice;  // forward and input gradient
      }
      const auto pairs = static_cast<double>(config.num_layers * s * s + config.num_decoder_layers * (t * t + s * t));
      cut += 3.0 * 4.0 * pairs * static_cast<double>(config.inner());
      const RankFlops counted = rank_flops(config, s, t, n);
      EXPECT_NEAR(counted.sharded * static_cast<double>(n) / cut, 1.0, 1e-12) << name;
      EXPECT_NEAR(counted.replicated / whole, 1.0, 1e-12) << name;
    }
    EXPECT_NEAR(rank_flops(config, s, t, 1).total() / step_flops(config, s, t), 1.0, 1e-12) << name;
  }
}

}  // namespace
}  // namespace prelude::test
