#include "launch/micro_tokens.h"

#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/error.h"
#include "core/t5/flops.h"
#include "core/t5/step_memory.h"
#include "launch/free_memory.h"

namespace prelude {
namespace {

// More at once is not faster: a CPU's matrix products are at their full rate long before, and larger activations leave
// its caches; a GPU's are, too, by the second number, which was not measured.
constexpr std::int64_t most_efficient_on_cpu = 4096;
constexpr std::int64_t most_efficient_on_gpu = 32768;

// Of the memory that is free. Other processes, the page cache and threads' own arenas want some of a host; a GPU's
// allocator loses some to its block sizes, libraries take their workspaces.
constexpr double share_of_host = 0.5;
constexpr double share_of_gpu = 0.8;

// A micro-batch on a GPU costs the start of its kernels, some hundred a layer. Assumed from steps on an H200, which
// took 30 ms for 8 layers that train, optimiser included, and reached this rate at T5-XL (docs/results.md).
constexpr double layer_start_seconds = 0.6e-3;
constexpr double gpu_flops = 4e14;  // FLOP/s

// What a micro-batch costs beside its positions, in positions: few hundred of T5-XXL, and more than a batch has of a
// small backbone, which is therefore cut where memory asks for it alone.
std::int64_t overhead_on_gpu(const T5Config& config) {
  const auto layers = static_cast<double>(config.num_layers + config.num_decoder_layers);
  const double of_position = 4.0 * static_cast<double>(encoder_token_weights(config));  // FLOPs
  return std::max<std::int64_t>(1, std::llround(layers * layer_start_seconds * gpu_flops / of_position));
}

std::int64_t step_bytes(const T5Config& config, const ExampleShape& shape, const StepPlace& place,
                        std::int64_t positions) {
  const auto examples_of = [&](std::int64_t width) {
    return std::clamp<std::int64_t>(positions / width, 1, shape.at_once);
  };
  const auto bytes_at = [&](std::int64_t width) {
    const BatchShape batch{examples_of(width), width, shape.target};
    return step_memory(config, batch, place, /*padded=*/true).total();
  };
  const std::int64_t longest = std::clamp<std::int64_t>(positions, 1, shape.longest);  // most memory for the bias
  const std::int64_t shortest = std::min(longest, shape.prompt + 1);                   // most for the decoder
  return std::max(bytes_at(longest), bytes_at(shortest));
}

// Bytes that this rank may give to a micro-batch.
std::int64_t rank_bytes(const Model& model, std::int64_t trained, const Session& session, const Ranks& ranks) {
  const auto free = static_cast<double>(free_bytes(session.device));
  const int neighbours = ranks.world().local_size();
  if (!session.device.is_cpu()) {
    const int gpus = std::max<int>(1, at::detail::getCUDAHooks().deviceCount());
    const int sharing = (neighbours + gpus - 1) / gpus;
    return static_cast<std::int64_t>(share_of_gpu * free / sharing) - trained;
  }
  // The pages of a mapped backbone count as free, and so does memory that was not written yet.
  const auto& source = model.weights().encoder.source;
  const std::int64_t weights = model.weights().bytes() + (source ? source->memory_bytes() : 0);
  return static_cast<std::int64_t>(share_of_host * free / neighbours) - weights - trained;
}

StepPlace place_of(const Model& model, const Session& session, const Ranks& ranks, bool recompute) {
  const auto element_bytes = static_cast<std::int64_t>(c10::elementSize(session.dtype));
  return {ranks.mesh().place.tensor_size,
          element_bytes,
          session.device.is_cpu() && session.dtype == at::kFloat,
          recompute,
          model.trains(),
          session.device.is_cpu() && session.dtype != at::kFloat};
}

std::int64_t least_of_ranks(std::int64_t mine, const Ranks& ranks) {
  const at::Tensor all = ranks.world().group().all_gather(at::tensor({mine}, at::kLong));  // [ranks,1]
  return all.min().item<std::int64_t>();
}

}  // namespace

void declare_recompute(OptionTable& table, std::string& recompute) {
  table
      .add("recompute", recompute, "",
           "Keep the layers' inputs alone and run each layer again for its gradient: half as much computing more, a "
           "fraction of the memory, the same numbers. auto: where one example does not fit otherwise.")
      .choices({"never", "auto", "always"});
}

void declare_micro_tokens(OptionTable& table, std::string& micro_tokens) {
  table.add("micro-tokens", micro_tokens, "N|auto",
            "Encoder positions computed at once, at most: prompt rows, source tokens and padding of all examples of a "
            "micro-batch. auto: what memory allows and the device gains by. A longer example is computed alone.");
}

std::optional<std::int64_t> parse_micro_tokens(const std::string& text) {
  if (text == auto_micro_tokens) return {};
  std::int64_t positions = 0;
  try {
    parse_value(text, positions);
  } catch (const UserError&) {
    positions = 0;
  }
  require(positions > 0, "--micro-tokens: '{}' is neither auto nor a whole number above 0", text);
  return positions;
}

std::int64_t efficient_positions(at::Device device) {
  return device.is_cpu() ? most_efficient_on_cpu : most_efficient_on_gpu;
}

std::int64_t affordable_positions(const T5Config& config, const ExampleShape& shape, const StepPlace& place,
                                  std::int64_t bytes, std::int64_t most) {
  auto positions = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(most)));
  while (positions > 1 && step_bytes(config, shape, place, positions) > bytes) positions /= 2;
  return positions;
}

bool settled_recompute(const std::string& text, const Model& model, const ExampleShape& shape, const Session& session,
                       const Ranks& ranks, std::int64_t training_state) {
  if (text == "never") return false;
  if (text == "always") return true;
  const std::int64_t trained = trained_bytes(model.config(), shape.prompt) + training_state;
  const std::int64_t bytes = rank_bytes(model, trained, session, ranks);
  const bool fits = step_bytes(model.config(), shape, place_of(model, session, ranks, false), shape.longest) <= bytes;
  return least_of_ranks(fits ? 1 : 0, ranks) == 0;
}

std::string settled_micro_tokens(const std::string& text, const Model& model, const ExampleShape& shape,
                                 const Session& session, const Ranks& ranks, std::int64_t training_state) {
  if (const auto given = parse_micro_tokens(text)) return fmt::format("{}", *given);
  const std::int64_t trained = trained_bytes(model.config(), shape.prompt) + training_state;
  const auto mine =
      affordable_positions(model.config(), shape, place_of(model, session, ranks, model.recomputes_layers()),
                           rank_bytes(model, trained, session, ranks), efficient_positions(session.device));
  return fmt::format("{}", least_of_ranks(mine, ranks));
}

MicroBatchLimits micro_batch_limits(const std::string& micro_tokens, std::int64_t micro_batch, std::int64_t prompt_rows,
                                    const T5Config& config, at::Device device) {
  const auto positions = parse_micro_tokens(micro_tokens);
  ensure(positions.has_value(), "--micro-tokens is {} when it is used", micro_tokens);
  MicroBatchLimits limits;
  limits.examples = micro_batch;
  limits.positions = *positions;
  limits.prompt_rows = prompt_rows;
  if (!device.is_cpu()) limits.overhead = overhead_on_gpu(config);
  return limits;
}

}  // namespace prelude
