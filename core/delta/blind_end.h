// A soft prompt before a decoder whose last position is blind, as PPT pre-trains it (docs/pretext.md, section 5): PPT
// counts the ids of a decoder input that are not 0, and T5's start id is 0, so the position that predicts the last
// label, <extra_id_1>, is masked from everything and attends about evenly. No other position is touched: none reads it.
#pragma once

#include "core/delta/soft_prompt.h"

namespace prelude {

class BlindEnd final : public Delta {
 public:
  // The prompt stays with the caller, and trains as it would alone.
  explicit BlindEnd(SoftPrompt& prompt) : prompt_(prompt) {}

  SiteSet sites() const override { return prompt_.sites() | site_bit(Site::linear_output); }
  Trainable& trainable() override { return prompt_.trainable(); }
  const Trainable& trainable() const override { return static_cast<const SoftPrompt&>(prompt_).trainable(); }
  EncoderInput encoder_input(EncoderInput input, const at::Tensor& task_ids) const override;

  // Queries of the decoder, self and cross: the last row becomes 0, so that its scores are the bias alone. For batches
  // whose targets have one length, as a pretext task's have: of a shorter one, it would be padding that turns blind.
  at::Tensor linear_output(const SiteContext& context, LinearName linear, const at::Tensor& x,
                           at::Tensor y) const override;

 private:
  SoftPrompt& prompt_;
};

}  // namespace prelude
