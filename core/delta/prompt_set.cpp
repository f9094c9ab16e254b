#include "core/delta/prompt_set.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/ops/accumulate_type.h"

namespace prelude {

PromptSet::PromptSet(const at::Tensor& prompts, at::Device device) {
  ensure(prompts.dim() == 3 && prompts.numel() > 0, "prompts are [K,P,D] with K, P, D > 0, got {} dimensions",
         prompts.dim());
  const auto options = at::TensorOptions(device).dtype(accumulate_type(prompts.scalar_type()));
  trainable_ = Trainable({{"prompt_embeddings", prompts.sizes().vec()}}, options);
  trainable_.set(0, prompts);
}

EncoderInput PromptSet::encoder_input(EncoderInput input, const at::Tensor& task_ids) const {
  const at::Tensor prompts = trainable_.part(0);  // [K,P,D]
  ensure(task_ids.defined() && task_ids.size(0) == input.embeddings.size(0), "each of {} examples needs its prompt",
         input.embeddings.size(0));
  ensure(prompts.size(2) == input.embeddings.size(2), "prompt width {} but backbone width {}", prompts.size(2),
         input.embeddings.size(2));
  const at::Tensor chosen = prompts.index_select(0, task_ids).to(input.embeddings.scalar_type());  // [B,P,D]
  input.embeddings = at::cat({chosen, input.embeddings}, 1);
  input.lengths = input.lengths + prompts.size(1);
  return input;
}

}  // namespace prelude
