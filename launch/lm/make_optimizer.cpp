#include "launch/lm/make_optimizer.h"

#include <ATen/ATen.h>

#include "core/optim/adafactor.h"
#include "core/optim/adamw.h"
#include "core/optim/master_weights.h"

namespace prelude {
namespace {

std::vector<NamedShape> shapes_of(const TrainedWeights& weights) {
  std::vector<NamedShape> shapes;
  for (const TrainedPart& part : weights.parts()) shapes.push_back({part.name, part.shape});
  return shapes;
}

std::unique_ptr<Optimizer> adamw(const LmOptions& options, const at::Tensor& elements) {
  return std::make_unique<AdamW>(elements,
                                 AdamWOptions{options.beta1, options.beta2, options.epsilon, options.weight_decay});
}

// Of the parts of `shapes` that the shard has.
std::unique_ptr<Optimizer> adafactor(const LmOptions& options, const at::Tensor& elements,
                                     const std::vector<NamedShape>& shapes, const Shard& shard) {
  AdafactorOptions adafactor;
  adafactor.weight_decay = options.weight_decay;
  const auto at = [&](std::size_t part) { return shapes.begin() + static_cast<std::ptrdiff_t>(part); };
  return std::make_unique<Adafactor>(elements, std::vector<NamedShape>(at(shard.first_part), at(shard.end_part)),
                                     adafactor);
}

}  // namespace

std::unique_ptr<ShardedOptimizer> make_optimizer(const LmOptions& options, const TrainedWeights& weights,
                                                 Communicator& data) {
  const bool whole_parts = options.optimizer == "adafactor";
  const std::vector<NamedShape> shapes = shapes_of(weights);
  const auto make = [options, shapes, whole_parts](const at::Tensor& elements, const Shard& shard) {
    return whole_parts ? adafactor(options, elements, shapes, shard) : adamw(options, elements);
  };
  const auto through_master = [make](const at::Tensor& elements, const Shard& shard) -> std::unique_ptr<Optimizer> {
    if (elements.element_size() >= 4) return make(elements, shard);
    return std::make_unique<MasterWeights>(elements, [&](const at::Tensor& master) { return make(master, shard); });
  };
  const at::Tensor& flat = weights.flat();
  return std::make_unique<ShardedOptimizer>(
      data, flat, whole_parts ? shards_of_parts(shapes, data.size()) : shards_of_elements(flat.numel(), data.size()),
      through_master);
}

}  // namespace prelude
