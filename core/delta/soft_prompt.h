// A soft prompt: P trainable rows put in front of the encoder's input embeddings (Lester et al., EMNLP 2021).
#pragma once

#include "core/delta/delta.h"

namespace prelude {

class SoftPrompt final : public Delta {
 public:
  // rows [P,D], any float dtype; copied to float32 (float64 stays) on `device`.
  SoftPrompt(const at::Tensor& rows, at::Device device);

  SiteSet sites() const override { return site_bit(Site::encoder_input); }
  Trainable& trainable() override { return trainable_; }
  const Trainable& trainable() const override { return trainable_; }
  EncoderInput encoder_input(EncoderInput input, const at::Tensor& task_ids) const override;

  at::Tensor rows() const { return trainable_.part(0); }  // [P,D]

 private:
  Trainable trainable_;
};

}  // namespace prelude
