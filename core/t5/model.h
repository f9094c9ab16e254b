// The T5 encoder-decoder (Raffel et al., JMLR 2020; v1.1: Shazeer, arXiv 2002.05202). Knows no rank and no file.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/delta/delta_sites.h"
#include "core/t5/batch.h"
#include "core/t5/config.h"
#include "core/t5/dropout_sites.h"
#include "core/t5/tensor_parallel.h"
#include "core/t5/weights.h"

namespace prelude {

struct EncoderOutput {
  at::Tensor hidden;   // [B,S,D], S with prompt rows
  at::Tensor lengths;  // [B] int64, prompt rows included
  bool full = false;   // known on the host: every length is S, nothing is padded
};

class Model {
 public:
  // Takes the weights (shared storage, never written here); they train where they require gradients, all or none.
  // Computes in the weights' dtype; norm statistics, softmax and
  // loss in float32 (or float64 where the weights are float64). `parallel` outlives the model; with several ranks the
  // weights are this rank's slices, every rank is given the same batches, and all get the same results.
  explicit Model(T5Config config, Weights weights, const TensorParallel& parallel = whole_model());

  // From here on a step keeps the layers' inputs and runs the layers again backward (core/t5/recompute.h); the model
  // lives until the backward is done.
  void recompute_layers() { recompute_ = true; }
  bool recomputes_layers() const { return recompute_; }
  // Puts the frozen layers' matrices into 8 bits (core/t5/quantise.h).
  void quantise_layers();
  const T5Config& config() const { return config_; }
  const Weights& weights() const { return weights_; }
  bool trains() const { return weights_.embedding.requires_grad(); }

  // source_ids [B,S] int64, source_lengths [B] int64 -> encoder output. The delta's rows come in at the input.
  // `full`: the caller knows that every length is S; then no padding mask is made. Where no weight requires a gradient,
  // the graph begins at the first site that lets a trainable tensor in; without one there is none.
  EncoderOutput encode(const at::Tensor& source_ids, const at::Tensor& source_lengths, const DeltaSites& sites,
                       bool full = false, const DropoutSites& dropout = {}) const;
  // decoder_ids [B,T] int64 -> hidden states [B,T,D] after the final norm.
  at::Tensor decode(const at::Tensor& decoder_ids, const EncoderOutput& encoded, const DeltaSites& sites,
                    const DropoutSites& dropout = {}) const;
  // hidden [...,D] -> logits [...,V].
  at::Tensor logits(const at::Tensor& hidden) const;
  // Summed cross-entropy over the batch's real labels, [] float32 (float64 where the weights are).
  at::Tensor loss_sum(const Batch& batch, const DeltaSites& sites, const DropoutSites& dropout = {}) const;
  // Asks for the layers as so many micro-batches would, and computes nothing: forward, and where a graph would be made
  // backward. For a rank that has fewer of them than the others that it completes layers with; else it does nothing.
  void pass_idly(std::int64_t passes) const;

 private:
  // Bias of the nearest distances [H,2*max_distance+1]; a trained one is made of the table each time.
  at::Tensor reach(StackKind kind) const;

  T5Config config_;
  Weights weights_;
  const TensorParallel* parallel_;
  bool recompute_ = false;
};

}  // namespace prelude
