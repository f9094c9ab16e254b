#include "core/t5/initialise.h"

#include <gtest/gtest.h>

#include <ATen/Parallel.h>

#include <cmath>

#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

TEST(InitialiseWeights, SameSeedSameBytesForAnyThreads) {
  const T5Config config = named_t5_config("tiny");
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const std::string one = hash_weights(config, initialise_weights(config, 5, at::kCPU, at::kFloat));
  at::set_num_threads(3);
  EXPECT_EQ(hash_weights(config, initialise_weights(config, 5, at::kCPU, at::kFloat)), one);
  at::set_num_threads(threads);
  EXPECT_NE(hash_weights(config, initialise_weights(config, 6, at::kCPU, at::kFloat)), one);
}

// The spreads of transformers, T5PreTrainedModel._init_weights, each within five standard errors.
TEST(InitialiseWeights, SpreadsAreTransformers) {
  T5Config config = small_config();
  config.vocab_size = 500;
  config.d_model = 64;
  config.d_kv = 16;
  config.num_heads = 6;
  config.d_ff = 100;
  const Weights w = initialise_weights(config, 5, at::kCPU, at::kFloat);
  const auto expect_spread = [](const at::Tensor& tensor, double expected) {
    const double n = static_cast<double>(tensor.numel());
    EXPECT_NEAR(tensor.std().item<double>() / expected, 1.0, 5 / std::sqrt(2 * n));
    EXPECT_NEAR(tensor.mean().item<double>() / expected, 0.0, 5 / std::sqrt(n));
  };
  const LayerWeights& layer = w.decoder.layers[1];
  expect_spread(w.embedding, 1);
  expect_spread(w.lm_head, 1);
  expect_spread(layer.cross_attention.q, 1 / std::sqrt(64.0 * 16.0));
  expect_spread(layer.cross_attention.k, 1 / std::sqrt(64.0));
  expect_spread(layer.self_attention.v, 1 / std::sqrt(64.0));
  expect_spread(layer.self_attention.o, 1 / std::sqrt(96.0));
  expect_spread(layer.feed_forward.wi_0, 1 / std::sqrt(64.0));
  expect_spread(layer.feed_forward.wo, 1 / std::sqrt(100.0));
  expect_spread(w.encoder.relative_bias, 1 / std::sqrt(64.0));
  EXPECT_TRUE(layer.feed_forward.norm.eq(1).all().item<bool>());
}

TEST(InitialiseWeights, NoTwoTensorsAreAlike) {
  const Weights w = initialise_weights(small_config(), 5, at::kCPU, at::kFloat);
  EXPECT_FALSE(at::equal(w.embedding, w.lm_head));
  EXPECT_FALSE(at::equal(w.encoder.layers[0].self_attention.k, w.encoder.layers[0].self_attention.v));
  EXPECT_FALSE(at::equal(w.encoder.layers[0].self_attention.k, w.encoder.layers[1].self_attention.k));
}

}  // namespace
}  // namespace prelude
