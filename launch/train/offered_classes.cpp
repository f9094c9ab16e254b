#include "launch/train/offered_classes.h"

#include <ATen/ATen.h>

#include <vector>

namespace prelude {

at::Tensor not_offered(std::span<const Example> examples, std::int64_t classes, at::Device device) {
  std::vector<std::int64_t> counts;
  counts.reserve(examples.size());
  for (const Example& example : examples) counts.push_back(example.options > 0 ? example.options : classes);
  return at::arange(classes, at::kLong).unsqueeze(0).ge(at::tensor(counts, at::kLong).unsqueeze(1)).to(device);
}

}  // namespace prelude
