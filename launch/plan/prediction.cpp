#include "launch/plan/prediction.h"

#include <algorithm>

#include "core/t5/flops.h"

namespace prelude {
namespace {

constexpr double tera = 1e12;
constexpr double giga = 1e9;
constexpr double micro = 1e-6;

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The corpus keeps a token in 2 bytes where the vocabulary lets it (docs/formats.md).
std::int64_t token_bytes(const T5Config& config) { return config.vocab_size <= (1 << 16) ? 2 : 4; }

// Full micro-batches and a smaller last one.
void count_tensor_collectives(const PlannedJob& job, RanksPlan& plan) {
  const auto of = [&](std::int64_t batch) {
    const BatchShape shape{batch, job.positions(), job.target};
    return job.backbone ? training_collectives(job.config, shape, job.tensor, job.element_bytes)
                        : tensor_collectives(job.config, shape, job.tensor, job.element_bytes);
  };
  for (std::int64_t begin = 0; begin < plan.examples; begin += job.micro_batch) {
    const TensorCollectives one = of(std::min(job.micro_batch, plan.examples - begin));
    for (int forward = 0; forward < (job.recompute ? 2 : 1); ++forward) {
      plan.tensor.encoder_forward += one.encoder_forward;
      plan.tensor.decoder_forward += one.decoder_forward;
    }
    plan.tensor.encoder_backward += one.encoder_backward;
    plan.tensor.decoder_backward += one.decoder_backward;
    plan.tensor.memory_backward += one.memory_backward;
  }
}

// The one sum of a step, and the weights that data ranks updated for each other.
void count_world(const PlannedJob& job, RanksPlan& plan) {
  if (!job.backbone) {
    plan.world_sum = plan.ranks == 1 ? 0 : world_sum_bytes(job.config, job.prompt);
    plan.world_sent = ring_bytes(plan.ranks, static_cast<double>(plan.world_sum));
    return;
  }
  if (plan.data == 1) return;
  plan.world_sum = gradient_sum_bytes(job.config, job.tensor);
  if (job.training.shard_optimizer)
    plan.weight_gather = resident_weights(job.config, job.tensor).resident() * job.element_bytes;
  plan.world_sent = ring_bytes(plan.data, static_cast<double>(plan.world_sum)) +
                    ring_gather_bytes(plan.data, static_cast<double>(plan.weight_gather));
}

RankFlops flops_of(const PlannedJob& job) {
  const auto of = job.backbone ? training_rank_flops : rank_flops;
  RankFlops flops = of(job.config, job.positions(), job.target, job.tensor);
  if (job.recompute) {  // the layers' forward once more, without the output matrix's
    const double output = flops.replicated / (job.backbone ? 3 : 2);
    flops.sharded +=
        (forward_flops(job.config, job.positions(), job.target) - output) / static_cast<double>(job.tensor);
  }
  return flops;
}

RanksPlan count(const PlannedJob& job, std::int64_t ranks) {
  RanksPlan plan;
  const std::int64_t first = job.ranks.front() / job.tensor;
  plan.ranks = ranks;
  plan.data = ranks / job.tensor;
  plan.global_batch = job.fixed_batch ? job.global_batch : divide_up(job.global_batch * plan.data, first);
  plan.examples = divide_up(plan.global_batch, plan.data);
  plan.micro_batches = divide_up(plan.examples, job.micro_batch);
  count_tensor_collectives(job, plan);
  plan.tensor_sent = ring_bytes(job.tensor, static_cast<double>(plan.tensor.total().bytes));
  if (job.gather) {
    const Collectives one = layer_gathers(job.config, plan.data, job.element_bytes);
    plan.gathers = {plan.micro_batches * one.number, plan.micro_batches * one.bytes};
    plan.gather_sent = ring_gather_bytes(plan.data, static_cast<double>(plan.gathers.bytes));
  }
  plan.weights = weight_bytes(job, job.tensor, plan.data);
  count_world(job, plan);
  const RankFlops one = flops_of(job);
  const auto examples = static_cast<double>(plan.examples);
  plan.flops = {examples * one.sharded, examples * one.replicated};
  plan.corpus_bytes = plan.examples * job.source * token_bytes(job.config);
  plan.memory = micro_batch_memory(job, job.tensor, std::min(job.micro_batch, plan.examples));
  return plan;
}

void predict(const PlannedJob& job, const MachineAssumptions& machine, RanksPlan& plan) {
  const double link = machine.link_gbytes * giga;
  const double network = machine.network_gbytes * giga;
  const double latency = machine.latency_us * micro;
  const bool one_host = plan.ranks <= machine.ranks_per_host;
  plan.compute_seconds = plan.flops.total() / (machine.matmul_tflops * tera);
  plan.tensor_seconds = static_cast<double>(plan.tensor.total().number) * latency +
                        plan.tensor_sent / (tensor_groups_in_host(plan.ranks, job.tensor, machine) ? link : network);
  plan.gather_seconds =
      static_cast<double>(plan.gathers.number) * latency + plan.gather_sent / (one_host ? link : network);
  const int world_collectives = (plan.world_sum > 0 ? 1 : 0) + (plan.weight_gather > 0 ? 1 : 0);
  plan.world_seconds = world_collectives * latency + plan.world_sent / (one_host ? link : network);
  const auto step = job.backbone ? training_flops : step_flops;
  const double useful = static_cast<double>(plan.global_batch) * step(job.config, job.positions(), job.target);
  plan.efficiency = useful / (static_cast<double>(plan.ranks) * machine.matmul_tflops * tera * plan.seconds());
}

}  // namespace

std::vector<RanksPlan> plan_ranks(const PlannedJob& job, const MachineAssumptions& machine) {
  std::vector<RanksPlan> plans;
  for (const std::int64_t ranks : job.ranks) {
    plans.push_back(count(job, ranks));
    predict(job, machine, plans.back());
    const auto rate = [](const RanksPlan& plan) {
      return plan.examples_per_second() / static_cast<double>(plan.ranks);
    };
    plans.back().scaling = rate(plans.back()) / rate(plans.front());
  }
  return plans;
}

std::optional<TensorRival> tensor_rival(const PlannedJob& job, const RanksPlan& row,
                                        const MachineAssumptions& machine) {
  std::optional<TensorRival> best;
  PlannedJob rival = job;
  rival.gather = false;
  rival.fixed_batch = true;
  rival.global_batch = row.global_batch;
  rival.ranks = {row.ranks};
  for (const std::int64_t degree : tensor_degrees(job.config)) {
    if (degree == 1 || row.ranks % degree != 0) continue;
    rival.tensor = degree;
    const RanksPlan its = plan_ranks(rival, machine).front();
    const std::int64_t batch = std::min(job.micro_batch, its.examples);
    if (gib(rank_bytes(rival, degree, batch)) > machine.memory_gib) continue;
    if (!best || its.seconds() < best->seconds) best = {degree, its.seconds()};
  }
  return best;
}

std::int64_t weight_bytes(const PlannedJob& job, std::int64_t tensor, std::int64_t data) {
  if (!job.gather || tensor > 1) return resident_weights(job.config, tensor).resident() * job.element_bytes;
  const SharedElements shared = shared_weights(job.config, data);
  return (shared.held.resident() + shared.memory) * job.element_bytes;
}

bool tensor_groups_in_host(std::int64_t ranks, std::int64_t tensor, const MachineAssumptions& machine) {
  return ranks <= machine.ranks_per_host || machine.ranks_per_host % tensor == 0;
}

TrainingState backbone_state(const PlannedJob& job, std::int64_t tensor) {
  const std::int64_t data = std::max<std::int64_t>(1, job.ranks.front() / tensor);
  return training_state(job.config, job.training, tensor, data, job.element_bytes);
}

std::int64_t state_bytes(const PlannedJob& job, std::int64_t tensor) {
  return job.backbone ? backbone_state(job, tensor).total() : trained_bytes(job.config, job.prompt);
}

StepMemory micro_batch_memory(const PlannedJob& job, std::int64_t tensor, std::int64_t micro_batch) {
  return step_memory(job.config, {micro_batch, job.positions(), job.target}, job.place(tensor), job.padded);
}

std::int64_t rank_bytes(const PlannedJob& job, std::int64_t tensor, std::int64_t micro_batch) {
  return weight_bytes(job, tensor, job.ranks.front() / job.tensor) + state_bytes(job, tensor) +
         micro_batch_memory(job, tensor, micro_batch).total();
}

Remedy remedy(const PlannedJob& job, std::int64_t micro_batch, const MachineAssumptions& machine) {
  const auto fits = [&](std::int64_t tensor, std::int64_t batch) {
    return gib(rank_bytes(job, tensor, batch)) <= machine.memory_gib;
  };
  Remedy found;
  for (const std::int64_t degree : tensor_degrees(job.config)) {
    if (degree <= job.tensor || !fits(degree, micro_batch)) continue;
    found.tensor = degree;
    break;
  }
  std::int64_t low = 0;  // fits, or none does
  std::int64_t high = micro_batch;
  while (high - low > 1) {
    const std::int64_t middle = (low + high) / 2;
    (fits(job.tensor, middle) ? low : high) = middle;
  }
  if (low > 0) found.micro_batch = low;
  PlannedJob again = job;
  again.recompute = true;
  found.recompute =
      !job.recompute && !job.gather && gib(rank_bytes(again, job.tensor, micro_batch)) <= machine.memory_gib;
  return found;
}

double gib(std::int64_t bytes) { return static_cast<double>(bytes) / static_cast<double>(std::int64_t{1} << 30); }

}  // namespace prelude
