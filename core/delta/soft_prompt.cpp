#include "core/delta/soft_prompt.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/ops/accumulate_type.h"

namespace prelude {

SoftPrompt::SoftPrompt(const at::Tensor& rows, at::Device device) {
  ensure(rows.dim() == 2 && rows.numel() > 0, "a prompt is [P,D] with P, D > 0, got {} dimensions", rows.dim());
  const auto options = at::TensorOptions(device).dtype(accumulate_type(rows.scalar_type()));
  trainable_ = Trainable({{"prompt_embeddings", rows.sizes().vec()}}, options);
  trainable_.set(0, rows);
}

EncoderInput SoftPrompt::encoder_input(EncoderInput input, const at::Tensor& /*task_ids*/) const {
  const at::Tensor prompt = rows();  // [P,D]
  ensure(prompt.size(1) == input.embeddings.size(2), "prompt width {} but backbone width {}", prompt.size(1),
         input.embeddings.size(2));
  const at::Tensor repeated =
      prompt.to(input.embeddings.scalar_type()).unsqueeze(0).expand({input.embeddings.size(0), -1, -1});
  input.embeddings = at::cat({repeated, input.embeddings}, 1);
  input.lengths = input.lengths + prompt.size(0);
  return input;
}

}  // namespace prelude
