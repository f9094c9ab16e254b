#include "launch/train/loss_and_gradient.h"

#include <ATen/ATen.h>

#include "launch/train/graphs/graphed.h"

namespace prelude {

at::Tensor EagerLossAndGradient::add(const Batch& batch) {
  const DeltaSites sites = delta_ == nullptr ? DeltaSites() : DeltaSites(*delta_, batch.task_ids);
  DropoutSites dropout;
  if (dropout_rate_ > 0) {
    const at::Tensor keys = dropout_keys(seed_, batch.samples);
    dropout = DropoutSites(dropout_rate_, keys.to(batch.source_ids.device(), /*non_blocking=*/true));
  }
  const at::Tensor loss = model_.loss_sum(batch, sites, dropout);  // []
  loss.backward();
  return loss.detach();
}

std::unique_ptr<LossAndGradient> make_loss_and_gradient(const Model& model, const Delta& delta, at::Device device,
                                                        bool cuda_graphs) {
  if (cuda_graphs) return make_graphed(model, delta, device);
  return std::make_unique<EagerLossAndGradient>(model, delta);
}

}  // namespace prelude
