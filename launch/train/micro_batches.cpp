#include "launch/train/micro_batches.h"

#include <numeric>

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
  }
  return batches;
}

std::int64_t tokens_of(const std::vector<Batch>& batches) {
  return std::accumulate(batches.begin(), batches.end(), std::int64_t{0}, [](std::int64_t sum, const Batch& batch) {
    return sum + batch.source_tokens + batch.label_tokens;
  });
}

}  // namespace prelude
