#include "core/t5/parallel_cost.h"

#include <c10/util/accumulate.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "core/error.h"
#include "core/t5/flat_layers.h"
#include "core/t5/flops.h"
#include "core/t5/weights.h"

namespace prelude {
namespace {

Collectives all_reduces(std::int64_t number, std::int64_t bytes) { return {number, number * bytes}; }

}  // namespace

std::vector<std::int64_t> tensor_degrees(const T5Config& config) {
  const std::int64_t common = std::gcd(config.num_heads, config.d_ff);
  std::vector<std::int64_t> degrees;
  for (std::int64_t n = 1; n <= common; ++n) {
    if (common % n == 0) degrees.push_back(n);
  }
  return degrees;
}

void require_tensor_degree(const T5Config& config, std::int64_t tensor) {
  const auto degrees = [&] { return fmt::format("{}", fmt::join(tensor_degrees(config), ", ")); };
  require(config.num_heads % tensor == 0, "tensor parallel {} does not divide {} heads; use {}", tensor,
          config.num_heads, degrees());
  require(config.d_ff % tensor == 0, "tensor parallel {} does not divide the feed-forward width {}; use {}", tensor,
          config.d_ff, degrees());
}

WeightElements resident_weights(const T5Config& config, std::int64_t tensor) {
  Weights none;  // the table of names and shapes needs no tensor
  WeightElements held;
  for (const WeightSlot& slot : weight_slots(config, none)) {
    const std::int64_t elements =
        std::accumulate(slot.shape.begin(), slot.shape.end(), std::int64_t{1}, std::multiplies<>());
    if (slot.cut == Cut::none) {
      held.replicated += elements;
    } else {
      held.sharded += elements / tensor;
    }
  }
  return held;
}

Collectives& Collectives::operator+=(const Collectives& other) {
  number += other.number;
  bytes += other.bytes;
  return *this;
}

Collectives TensorCollectives::total() const {
  Collectives sum;
  for (const Collectives& part :
       {encoder_forward, decoder_forward, encoder_backward, decoder_backward, memory_backward}) {
    sum += part;
  }
  return sum;
}

TensorCollectives tensor_collectives(const T5Config& config, const BatchShape& shape, std::int64_t tensor,
                                     std::int64_t element_bytes) {
  if (tensor == 1) return {};
  const std::int64_t encoder = shape.batch * shape.source * config.d_model * element_bytes;
  const std::int64_t decoder = shape.batch * shape.target * config.d_model * element_bytes;
  return {all_reduces(2 * config.num_layers, encoder), all_reduces(3 * config.num_decoder_layers, decoder),
          all_reduces(2 * config.num_layers, encoder), all_reduces(3 * config.num_decoder_layers - 2, decoder),
          all_reduces(1, encoder)};
}

SharedElements shared_weights(const T5Config& config, std::int64_t ranks) {
  Weights none;
  const std::vector<WeightSlot> slots = weight_slots(config, none);
  SharedElements shared;
  for (const WeightSlot& slot : slots) {
    if (slot.layer < 0) shared.held.replicated += c10::multiply_integers(slot.shape);
  }
  std::int64_t largest = 0;
  for (const FlatLayer& layer : flat_layers(slots)) {
    shared.held.sharded += layer.slice(ranks);
    largest = std::max(largest, ranks * layer.slice(ranks));
  }
  shared.memory = 2 * largest;
  return shared;
}

Collectives layer_gathers(const T5Config& config, std::int64_t ranks, std::int64_t element_bytes) {
  if (ranks == 1) return {};
  Weights none;
  const std::vector<FlatLayer> layers = flat_layers(weight_slots(config, none));
  const auto bytes = [&](std::size_t i) { return ranks * layers[i].slice(ranks) * element_bytes; };
  Collectives gathers;
  for (std::size_t i = 2; i < layers.size(); ++i) gathers += {1, bytes(i)};      // forward
  for (std::size_t i = 0; i + 2 < layers.size(); ++i) gathers += {1, bytes(i)};  // backward
  return gathers;
}

std::int64_t world_sum_bytes(const T5Config& config, std::int64_t prompt_rows) {
  return static_cast<std::int64_t>(sizeof(float)) * (prompt_rows * config.d_model + summed_beside_gradient);
}

double ring_bytes(std::int64_t ranks, double bytes) {
  const auto n = static_cast<double>(ranks);
  return 2.0 * (n - 1.0) / n * bytes;
}

double ring_gather_bytes(std::int64_t ranks, double bytes) { return ring_bytes(ranks, bytes) / 2.0; }

RankFlops rank_flops(const T5Config& config, std::int64_t source, std::int64_t target, std::int64_t tensor) {
  const double output = 4.0 * static_cast<double>(target) * static_cast<double>(config.d_model * config.vocab_size);
  return {(step_flops(config, source, target) - output) / static_cast<double>(tensor), output};
}

}  // namespace prelude
