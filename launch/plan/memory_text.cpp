#include "launch/plan/memory_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "launch/plan/plan_lines.h"

namespace prelude {
namespace {

std::string memory_verdict(const Plan& plan, std::int64_t batch, std::int64_t total) {
  const double limit = plan.machine.memory_gib;
  if (gib(total) <= limit) return fmt::format("  fits in {} GiB\n\n", limit);
  const Remedy found = remedy(plan.job, batch, plan.machine);
  std::vector<std::string> ways;
  if (found.tensor) ways.push_back(fmt::format("--tensor-parallel {} would", *found.tensor));
  if (found.micro_batch) ways.push_back(fmt::format("--micro-batch {} would", *found.micro_batch));
  if (found.recompute) ways.emplace_back("--recompute would");
  if (ways.empty()) ways.emplace_back("neither a larger tensor degree nor a smaller micro-batch alone would");
  return fmt::format("  DOES NOT FIT in {} GiB; {}\n\n", limit, fmt::join(ways, ", or "));
}

std::string state_lines(const PlannedJob& job) {
  if (!job.backbone) return bytes_line("trained", state_bytes(job, job.tensor), "prompt, gradient, AdamW's moments");
  const TrainingState state = backbone_state(job, job.tensor);
  const std::int64_t data = job.ranks.front() / job.tensor;
  const bool shards = job.training.shard_optimizer && data > 1;
  const std::string share = shards ? fmt::format(", 1/{} of them", data) : "";
  return bytes_line("gradient", state.gradient, "float32 sums of all weights held") +
         bytes_line("master copies", state.master, state.master > 0 ? "float32" + share : "weights are float32") +
         bytes_line(
             "moments", state.moments,
             fmt::format("float32, {}{}", job.training.adafactor ? "Adafactor's, factored" : "AdamW's two", share));
}

}  // namespace

std::string memory_text(const Plan& plan) {
  const PlannedJob& job = plan.job;
  const RanksPlan& row = plan.rows.front();
  const std::int64_t batch = std::min(job.micro_batch, row.examples);
  const std::int64_t total = rank_bytes(job, job.tensor, batch);
  std::string text = fmt::format("Memory a rank, micro-batch of {}: an ESTIMATE from what the operators save\n", batch);
  text += bytes_line("weights", row.weights, job.gather ? "with the memory that layers are gathered into" : "");
  text += state_lines(job);
  text += bytes_line("encoder", row.memory.encoder,
                     job.backbone ? "what frozen layers keep, and the inputs of products"
                                  : "norm inputs, q, k, v, output, feed-forward halves");
  text += bytes_line("decoder", row.memory.decoder, "the same; keys and values of the encoder's output");
  text += bytes_line("position bias", row.memory.bias,
                     fmt::format("{}{}", job.padded ? "[B,H,S,S] with its mask" : "[H,S,S], equal lengths",
                                 job.backbone ? ", and gradients" : ""));
  text +=
      bytes_line("working", row.memory.working,
                 job.backbone ? "logits, or one layer's gradients; one weight's" : "logits, or one layer's gradients");
  text += bytes_line("sum", total, "without allocator, libraries, process");
  return text + memory_verdict(plan, batch, total);
}

}  // namespace prelude
