#include "core/t5/initialise.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/ops/cpu/threads.h"
#include "core/random/random_stream.h"

namespace prelude {
namespace {

constexpr std::int64_t block_elements = 1 << 16;
constexpr std::int64_t device_elements = 1 << 24;

// Normal numbers of the given spread, float32 on the CPU; tensor `index` of the backbone.
at::Tensor normal_on_host(const std::vector<std::int64_t>& shape, double std, std::uint64_t seed, std::uint64_t index) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  float* const data = tensor.data_ptr<float>();
  const std::int64_t size = tensor.numel();
  const std::int64_t blocks = (size + block_elements - 1) / block_elements;
  cpu::share_out(blocks, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t block = first; block < last; ++block) {
      RandomStream stream(seed, Purpose::weights, index << 32U | static_cast<std::uint64_t>(block));
      const std::int64_t end = std::min(size, (block + 1) * block_elements);
      for (std::int64_t i = block * block_elements; i < end; ++i) data[i] = static_cast<float>(std * stream.normal());
    }
  });
  return tensor;
}

at::Tensor normal_on_device(const std::vector<std::int64_t>& shape, double std, std::uint64_t seed, std::uint64_t index,
                            const at::TensorOptions& options) {
  at::Generator generator = at::globalContext().defaultGenerator(options.device()).clone();
  generator.set_current_seed(seed * 0x9E3779B97F4A7C15U + index);
  return at::empty(shape, options).normal_(0.0, std, generator);
}

}  // namespace

Weights initialise_weights(const T5Config& config, std::uint64_t seed, at::Device device, at::ScalarType dtype) {
  const auto options = at::TensorOptions(device).dtype(dtype);
  Weights weights;
  std::uint64_t index = 0;
  for (const WeightSlot& slot : weight_slots(config, weights)) {
    if (slot.initial_std == 0.0) {
      slot.tensor.get() = at::ones(slot.shape, options);
    } else if (device.is_cuda() && c10::multiply_integers(slot.shape) > device_elements) {
      slot.tensor.get() = normal_on_device(slot.shape, slot.initial_std, seed, index, options);
    } else {
      slot.tensor.get() = normal_on_host(slot.shape, slot.initial_std, seed, index).to(options);
    }
    ++index;
  }
  if (config.tie_word_embeddings) weights.lm_head = weights.embedding;
  return weights;
}

}  // namespace prelude
