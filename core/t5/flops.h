// The exact cost of a T5 by counting its matrix products: a product of [m,k] and [k,n] is 2 m k n FLOPs.
#pragma once

#include <cstdint>
#include <vector>

#include "core/t5/config.h"

namespace prelude {

// Weights that one encoder token meets (N_e): its layers, and the cross-attention K and V of every decoder layer.
std::int64_t encoder_token_weights(const T5Config& config);
// Weights that one decoder token meets (N_d): self-attention, cross-attention q and o, feed-forward, output matrix.
std::int64_t decoder_token_weights(const T5Config& config);

// What one sequence of S encoder positions (prompt rows included) and T decoder positions costs, real tokens only.
// Forward: 2 (S N_e + T N_d), and attention's scores and mixes, 4 inner (L_e S^2 + L_d (T^2 + S T)).
double forward_flops(const T5Config& config, std::int64_t source, std::int64_t target);
// A training step on a frozen backbone: forward, the gradient of every input and of no weight: 4 N a token, and
// attention three times its forward. Recomputation is not counted: it is no use.
double step_flops(const T5Config& config, std::int64_t source, std::int64_t target);

// A weight matrix that `rows` rows go through, `count` times.
struct MatrixProduct {
  std::int64_t rows;
  std::int64_t in;
  std::int64_t out;
  std::int64_t count;
};
// The weight products of one forward of a batch; their FLOPs add up to 2 batch (S N_e + T N_d).
std::vector<MatrixProduct> weight_products(const T5Config& config, std::int64_t batch, std::int64_t source,
                                           std::int64_t target);

}  // namespace prelude
