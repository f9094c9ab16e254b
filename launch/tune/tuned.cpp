#include "launch/tune/tuned.h"

#include <ATen/ATen.h>

#include "core/optim/adamw.h"
#include "core/optim/master_weights.h"
#include "launch/lm/weight_gradient.h"

namespace prelude {
namespace {

AdamWOptions adamw_of(const TunedOptions& options) {
  return {options.beta1, options.beta2, options.epsilon, options.weight_decay};
}

class TunedPrompt final : public Tuned {
 public:
  TunedPrompt(const Model& model, const at::Tensor& rows, at::Device device, const TunedOptions& options)
      : model_(model),
        prompt_(rows, device),
        optimizer_(prompt_.trainable().flat(), adamw_of(options)),
        micro_batch_(model, prompt_) {}

  const Model& model() const override { return model_; }
  DeltaSites sites() const override { return DeltaSites(prompt_); }
  at::Tensor flat() const override { return prompt_.trainable().flat().detach(); }
  SummedGradient gradient() const override { return gradient_of_leaf(prompt_.trainable().flat()); }
  Optimizer& optimizer() override { return optimizer_; }
  LossAndGradient& micro_batch() override { return micro_batch_; }

 private:
  const Model& model_;
  SoftPrompt prompt_;
  AdamW optimizer_;
  EagerLossAndGradient micro_batch_;
};

// The same tensors without what Model makes of frozen ones.
Weights bare(Weights weights) {
  weights.encoder.reach = at::Tensor();
  weights.decoder.reach = at::Tensor();
  return weights;
}

std::unique_ptr<Optimizer> adamw(const at::Tensor& flat, const TunedOptions& options) {
  const auto make = [&](const at::Tensor& elements) { return std::make_unique<AdamW>(elements, adamw_of(options)); };
  if (flat.element_size() >= 4) return make(flat);
  return std::make_unique<MasterWeights>(flat, make);
}

class TunedWeights final : public Tuned {
 public:
  TunedWeights(const Model& model, const TensorParallel& parallel, Communicator& tensor, const TunedOptions& options)
      : weights_(model.config(), bare(model.weights())),
        model_(model.config(), weights_.weights(), parallel),
        tensor_(tensor),
        optimizer_(adamw(weights_.flat(), options)),
        micro_batch_(model_, /*dropout_rate=*/0, /*seed=*/0) {}

  const Model& model() const override { return model_; }
  DeltaSites sites() const override { return {}; }
  at::Tensor flat() const override { return weights_.flat(); }
  SummedGradient gradient() const override { return gradient_of_weights(weights_, tensor_); }
  Optimizer& optimizer() override { return *optimizer_; }
  LossAndGradient& micro_batch() override { return micro_batch_; }

 private:
  TrainedWeights weights_;
  Model model_;
  Communicator& tensor_;
  std::unique_ptr<Optimizer> optimizer_;
  EagerLossAndGradient micro_batch_;
};

}  // namespace

std::unique_ptr<Tuned> tune_prompt(const Model& model, const at::Tensor& rows, at::Device device,
                                   const TunedOptions& options) {
  return std::make_unique<TunedPrompt>(model, rows, device, options);
}

std::unique_ptr<Tuned> tune_weights(const Model& model, const TensorParallel& parallel, Communicator& tensor,
                                    const TunedOptions& options) {
  return std::make_unique<TunedWeights>(model, parallel, tensor, options);
}

}  // namespace prelude
