#include <algorithm>
#include <nlohmann/json.hpp>

#include "launch/plan/plan_report.h"

namespace prelude {
namespace {

using Json = nlohmann::ordered_json;

Json collectives(const Collectives& sums) { return {{"number", sums.number}, {"bytes", sums.bytes}}; }

Json job(const Plan& plan) {
  const PlannedJob& job = plan.job;
  Json object{{"train", job.backbone ? "backbone" : "delta"}};
  if (job.backbone) {
    object["optimizer"] = job.training.adafactor ? "adafactor" : "adamw";
    object["shard_optimizer"] = job.training.shard_optimizer;
  }
  object.update({{"prompt_length", job.prompt},
                 {"source", job.source},
                 {"target", job.target},
                 {"micro_batch", job.micro_batch},
                 {"tensor_parallel", job.tensor},
                 {"shard", job.gather ? "gather" : "whole"},
                 {"dtype", plan.dtype},
                 {"equal_lengths", !job.padded},
                 {"fixed_batch", job.fixed_batch},
                 {"recompute", job.recompute}});
  return object;
}

Json assumptions(const MachineAssumptions& machine) {
  return {{"matmul_tflops", machine.matmul_tflops},   {"link_gbytes", machine.link_gbytes},
          {"network_gbytes", machine.network_gbytes}, {"latency_us", machine.latency_us},
          {"memory_gib", machine.memory_gib},         {"ranks_per_host", machine.ranks_per_host}};
}

Json weights(const PlannedJob& job) {
  const SharedElements shared = shared_weights(job.config, job.ranks.front() / job.tensor);
  const WeightElements held = job.gather ? shared.held : resident_weights(job.config, job.tensor);
  return {{"parameters", resident_weights(job.config, 1).resident()},
          {"sharded_bytes", held.sharded * job.element_bytes},
          {"replicated_bytes", held.replicated * job.element_bytes},
          {"gathered_bytes", job.gather ? shared.memory * job.element_bytes : 0},
          {"resident_bytes", weight_bytes(job, job.tensor, job.ranks.front() / job.tensor)}};
}

Json memory(const Plan& plan) {
  const RanksPlan& row = plan.rows.front();
  const std::int64_t batch = std::min(plan.job.micro_batch, row.examples);
  const std::int64_t total = rank_bytes(plan.job, plan.job.tensor, batch);
  const bool fits = gib(total) <= plan.machine.memory_gib;
  Json object{{"micro_batch", batch},
              {"trained_bytes", state_bytes(plan.job, plan.job.tensor)},
              {"encoder_bytes", row.memory.encoder},
              {"decoder_bytes", row.memory.decoder},
              {"bias_bytes", row.memory.bias},
              {"working_bytes", row.memory.working},
              {"total_bytes", total},
              {"fits", fits}};
  if (plan.job.backbone) {
    const TrainingState state = backbone_state(plan.job, plan.job.tensor);
    object.update(
        {{"gradient_bytes", state.gradient}, {"master_bytes", state.master}, {"moment_bytes", state.moments}});
  }
  if (fits) return object;
  const Remedy found = remedy(plan.job, batch, plan.machine);
  object["fits_at_tensor_parallel"] = found.tensor ? Json(*found.tensor) : Json();
  object["fits_with_recompute"] = found.recompute;
  object["fits_at_micro_batch"] = found.micro_batch ? Json(*found.micro_batch) : Json();
  return object;
}

Json counts(const RanksPlan& row) {
  return {{"micro_batches", row.micro_batches},
          {"flops_sharded", row.flops.sharded},
          {"flops_replicated", row.flops.replicated},
          {"corpus_bytes", row.corpus_bytes},
          {"tensor_collectives",
           {{"encoder_forward", collectives(row.tensor.encoder_forward)},
            {"decoder_forward", collectives(row.tensor.decoder_forward)},
            {"encoder_backward", collectives(row.tensor.encoder_backward)},
            {"decoder_backward", collectives(row.tensor.decoder_backward)},
            {"memory_backward", collectives(row.tensor.memory_backward)},
            {"total", collectives(row.tensor.total())}}},
          {"weight_bytes", row.weights},
          {"layer_gathers", collectives(row.gathers)},
          {"gather_bytes_sent", row.gather_sent},
          {"world_sum", collectives({row.world_sum > 0 ? 1 : 0, row.world_sum})},
          {"weight_gather", collectives({row.weight_gather > 0 ? 1 : 0, row.weight_gather})},
          {"tensor_bytes_sent", row.tensor_sent},
          {"world_bytes_sent", row.world_sent}};
}

Json predicted(const Plan& plan, const RanksPlan& row) {
  Json object{{"compute_seconds", row.compute_seconds}, {"tensor_seconds", row.tensor_seconds},
              {"gather_seconds", row.gather_seconds},   {"world_seconds", row.world_seconds},
              {"step_seconds", row.seconds()},          {"examples_per_second", row.examples_per_second()},
              {"efficiency", row.efficiency},           {"scaling", row.scaling}};
  if (!plan.job.gather) return object;
  object["overlapped_step_seconds"] = row.overlapped_seconds();
  const auto rival = tensor_rival(plan.job, row, plan.machine);
  object["fastest_tensor_parallel"] = rival ? Json(rival->tensor) : Json();
  object["fastest_tensor_parallel_step_seconds"] = rival ? Json(rival->seconds) : Json();
  return object;
}

}  // namespace

std::string plan_json(const Plan& plan) {
  Json object{{"model", plan.model},
              {"job", job(plan)},
              {"weights", weights(plan.job)},
              {"memory_estimate", memory(plan)},
              {"assumptions", assumptions(plan.machine)},
              {"ranks", Json::array()}};
  if (plan.output_unsettled) object["weights"]["output_matrix"] = "tied or not: counted as its own";
  for (const RanksPlan& row : plan.rows) {
    object["ranks"].push_back({{"ranks", row.ranks},
                               {"data_parallel", row.data},
                               {"global_batch", row.global_batch},
                               {"examples", row.examples},
                               {"counted", counts(row)},
                               {"predicted", predicted(plan, row)}});
  }
  return object.dump() + "\n";
}

}  // namespace prelude
