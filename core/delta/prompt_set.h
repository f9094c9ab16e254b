// Several soft prompts in one forward: each example names the one that is put in front of it (prompt ensembles, Lester
// et al., EMNLP 2021, section 6).
#pragma once

#include "core/delta/delta.h"

namespace prelude {

class PromptSet final : public Delta {
 public:
  // prompts [K,P,D], any float dtype; copied to float32 (float64 stays) on `device`.
  PromptSet(const at::Tensor& prompts, at::Device device);

  SiteSet sites() const override { return site_bit(Site::encoder_input); }
  Trainable& trainable() override { return trainable_; }
  const Trainable& trainable() const override { return trainable_; }
  // task_ids [B] int64 in [0,K), which must be given.
  EncoderInput encoder_input(EncoderInput input, const at::Tensor& task_ids) const override;

 private:
  Trainable trainable_;
};

}  // namespace prelude
