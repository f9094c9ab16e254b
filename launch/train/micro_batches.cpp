#include "launch/train/micro_batches.h"

namespace prelude {

std::vector<Batch> make_micro_batches(const std::vector<std::vector<Example>>& examples, const T5Config& config,
                                      at::Device device) {
  std::vector<Batch> batches;
  batches.reserve(examples.size());
  for (const auto& micro_batch : examples) {
    std::vector<std::vector<std::int32_t>> sources;
    std::vector<std::vector<std::int32_t>> targets;
    for (const auto& example : micro_batch) {
      sources.push_back(example.source);
      targets.push_back(example.target);
    }
    batches.push_back(make_batch(sources, targets, config.pad_token_id, device));
    for (const auto& example : micro_batch) batches.back().samples.push_back(example.sample);
  }
  return batches;
}

}  // namespace prelude
