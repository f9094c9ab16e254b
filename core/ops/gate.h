#pragma once

#include <cstdint>

namespace prelude {

// The activations of a gated feed-forward for which there are kernels. The exact GELU wants erf and stays ATen's.
enum class Gate : std::uint8_t { relu, gelu_tanh, silu };

}  // namespace prelude
