#pragma once

#include <ATen/core/Tensor.h>

#include "core/delta/delta_sites.h"
#include "core/ops/biased_attention.h"
#include "core/t5/config.h"
#include "core/t5/dropout_sites.h"
#include "core/t5/tensor_parallel.h"
#include "core/t5/weights.h"

namespace prelude {

// What a stack attends with, made once a forward and shared by its layers.
struct StackInputs {
  AttentionBias self_bias;
  at::Tensor memory;  // [B,M,D], the encoder's output after parallel.copy_to; undefined in the encoder
  AttentionBias cross_bias;
  DropoutSites dropout;
};

// The blocks of one stack and its final norm: hidden [B,S,D] -> [B,S,D]. Pre-norm residual sublayers.
// `recompute`: layers keep their input and are run again backward (core/t5/recompute.h); config, weights, parallel and
// the delta then live until the backward is done.
at::Tensor run_stack(StackKind kind, const T5Config& config, const StackWeights& weights, at::Tensor hidden,
                     const StackInputs& inputs, const TensorParallel& parallel, const DeltaSites& sites,
                     bool recompute);

}  // namespace prelude
