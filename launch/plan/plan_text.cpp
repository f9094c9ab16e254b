#include <fmt/format.h>

#include <algorithm>

#include "launch/plan/memory_text.h"
#include "launch/plan/plan_lines.h"
#include "launch/plan/plan_report.h"

namespace prelude {
namespace {

std::string head(const Plan& plan) {
  const PlannedJob& job = plan.job;
  return fmt::format(
      "{}: {} parameters, {}, {}\n"
      "{}: {}source {} + target {} tokens; micro-batches of at most {}{}\n\n"
      "COUNTED from shapes; nothing was loaded or run\n\n",
      plan.model, grouped(resident_weights(job.config, 1).resident()), plan.dtype,
      job.gather ? std::string("layers gathered") : fmt::format("tensor parallel {}", job.tensor),
      job.backbone ? "All weights train. An example" : "An example",
      job.backbone ? "" : fmt::format("prompt {} + ", job.prompt), job.source, job.target, job.micro_batch,
      job.recompute ? ", layers run again backward" : "");
}

std::string shared_weights_text(const PlannedJob& job) {
  const std::int64_t data = job.ranks.front();
  const SharedElements shared = shared_weights(job.config, data);
  std::string text = fmt::format("Weights a rank at --ranks {}\n", data);
  text += bytes_line("in slices", shared.held.sharded * job.element_bytes,
                     fmt::format("1/{} of every layer's q, k, v, o, wi, wo", data));
  text += bytes_line("replicated", shared.held.replicated * job.element_bytes,
                     "embedding, output matrix, norms, positions");
  text += bytes_line("gathered into", shared.memory * job.element_bytes, "2 of the largest layer");
  return text + bytes_line("resident", weight_bytes(job, 1, data), "");
}

std::string weights(const Plan& plan) {
  const PlannedJob& job = plan.job;
  if (job.gather) return shared_weights_text(job) + "\n";
  const WeightElements held = resident_weights(job.config, job.tensor);
  std::string text = "Weights a rank\n";
  text += bytes_line("sharded", held.sharded * job.element_bytes,
                     fmt::format("1/{} of q, k, v, wi (rows), o, wo (columns), positions (heads)", job.tensor));
  text += bytes_line("replicated", held.replicated * job.element_bytes, "embedding, output matrix, norms");
  text += bytes_line("resident", held.resident() * job.element_bytes, "");
  if (plan.output_unsettled) {
    text += "  config.json leaves open whether the output matrix is tied; it is counted as its own\n";
  }
  return text + "\n";
}

std::string collectives_line(const char* name, const Collectives& sums, const std::string& note) {
  return fmt::format("  {:<18}{:>7}{:>24} bytes{}{}\n", name, grouped(sums.number), grouped(sums.bytes),
                     note.empty() ? "" : "  ", note);
}

std::string collectives(const Plan& plan) {
  const RanksPlan& row = plan.rows.front();
  std::string text = fmt::format("All-reduces a step and rank at --ranks {}: {} examples in {} micro-batches\n",
                                 row.ranks, row.examples, row.micro_batches);
  if (plan.job.tensor > 1) {
    text += collectives_line("encoder forward", row.tensor.encoder_forward, "2 a layer, [B,S,D]");
    text += collectives_line("decoder forward", row.tensor.decoder_forward, "3 a layer, [B,T,D]");
    text += collectives_line("decoder backward", row.tensor.decoder_backward,
                             plan.job.backbone ? "3 a layer, [B,T,D]" : "3 a layer less 2, [B,T,D]");
    text += collectives_line("memory backward", row.tensor.memory_backward, "1, [B,S,D], of all cross keys and values");
    text += collectives_line("encoder backward", row.tensor.encoder_backward, "2 a layer, [B,S,D]");
  }
  text += collectives_line(
      "tensor parallel", row.tensor.total(),
      plan.job.tensor == 1 ? ""
                           : fmt::format("{} a micro-batch", grouped(row.tensor.total().number / row.micro_batches)));
  if (plan.job.backbone) {
    text += collectives_line("gradient sum", {row.world_sum > 0 ? 1 : 0, row.world_sum},
                             "4 (N + 6) bytes, float32, of the N weights held, over the data ranks");
    text += collectives_line("weights gathered", {row.weight_gather > 0 ? 1 : 0, row.weight_gather},
                             "all-gather of what each data rank updated");
  } else {
    text += collectives_line("world sum", {row.ranks > 1 ? 1 : 0, row.world_sum}, "4 (P D + 6) bytes, float32");
  }
  return text + "\n";
}

std::string counts(const Plan& plan) {
  std::string text = fmt::format(
      "A step and rank (useful FLOPs: {} N a token, docs/performance.md; sent: ring all-reduce, 2 (N-1)/N)\n",
      plan.job.backbone ? 6 : 4);
  text += fmt::format("{:>7}{:>7}{:>9}{:>10}{:>13}{:>12}{:>13}{:>19}{:>17}\n", "ranks", "data", "batch", "examples",
                      "cut TFLOP", "whole TFLOP", "corpus bytes", "sent, tensor", "sent, world");
  for (const RanksPlan& row : plan.rows) {
    constexpr double tera = 1e12;
    text += fmt::format("{:>7}{:>7}{:>9}{:>10}{:>13.4g}{:>12.4g}{:>13}{:>19}{:>17}\n", row.ranks, row.data,
                        row.global_batch, row.examples, row.flops.sharded / tera, row.flops.replicated / tera,
                        grouped(row.corpus_bytes), grouped(row.tensor_sent), grouped(row.world_sent));
  }
  return text + "  whole: the output matrix, computed by every tensor rank (norms, too; they are not counted)\n\n";
}

std::string gathers(const Plan& plan) {
  if (!plan.job.gather) return "";
  std::string text =
      "Layers gathered a step and rank, forward and backward of each micro-batch (sent: ring all-gather, (N-1)/N)\n";
  text += fmt::format("{:>7}{:>19}{:>9}{:>22}{:>21}\n", "ranks", "resident bytes", "gathers", "bytes gathered", "sent");
  for (const RanksPlan& row : plan.rows) {
    text += fmt::format("{:>7}{:>19}{:>9}{:>22}{:>21}\n", row.ranks, grouped(row.weights), grouped(row.gathers.number),
                        grouped(row.gathers.bytes), grouped(row.gather_sent));
  }
  return text + "\n";
}

std::string tensor_links(const Plan& plan) {
  if (plan.job.tensor == 1) return "";
  const bool inside = std::all_of(plan.rows.begin(), plan.rows.end(), [&](const RanksPlan& row) {
    return tensor_groups_in_host(row.ranks, plan.job.tensor, plan.machine);
  });
  return inside ? "; tensor groups stay in a host" : "; tensor groups CROSS hosts";
}

// Whether gathered layers are faster than tensor-parallel ranks under the same assumptions.
std::string rivals(const Plan& plan) {
  std::string text =
      "PREDICTED likewise: gathers beside the products, and the fastest --tensor-parallel that fits, of the same "
      "batch\n";
  text += fmt::format("{:>7}{:>13}{:>15}{:>8}{:>13}  {}\n", "ranks", "step s", "overlapped s", "degree", "its step s",
                      "faster");
  for (const RanksPlan& row : plan.rows) {
    const auto rival = tensor_rival(plan.job, row, plan.machine);
    if (!rival) {
      text += fmt::format("{:>7}{:>13.4f}{:>15.4f}{:>8}{:>13}  {}\n", row.ranks, row.seconds(),
                          row.overlapped_seconds(), "-", "-", "gather (no degree fits)");
      continue;
    }
    const char* const faster = row.seconds() < rival->seconds              ? "gather"
                               : row.overlapped_seconds() < rival->seconds ? "gather, where it overlaps"
                                                                           : "tensor parallel";
    text += fmt::format("{:>7}{:>13.4f}{:>15.4f}{:>8}{:>13.4f}  {}\n", row.ranks, row.seconds(),
                        row.overlapped_seconds(), rival->tensor, rival->seconds, faster);
  }
  return text;
}

std::string prediction(const Plan& plan) {
  const MachineAssumptions& m = plan.machine;
  std::string text = fmt::format(
      "PREDICTED, not measured, assuming\n"
      "  {} useful TFLOP/s sustained by a rank; {} GB/s a rank in a host of {} ranks, {} GB/s between hosts;\n"
      "  {} us a collective; nothing overlaps; no rank waits for a slower one, the corpus or a checkpoint;\n"
      "  every example is of the mean length{};\n"
      "  {}\n",
      m.matmul_tflops, m.link_gbytes, m.ranks_per_host, m.network_gbytes, m.latency_us, tensor_links(plan),
      plan.job.fixed_batch ? "the global batch is fixed (strong scaling)"
                           : "a data rank keeps its examples (weak scaling): the global batch grows with the ranks");
  text += fmt::format("{:>7}{:>11}{:>11}{:>11}{:>11}{:>13}{:>12}{:>9}\n", "ranks", "compute s",
                      plan.job.gather ? "gather s" : "tensor s", "world s", "step s", "examples/s", "efficiency",
                      "scaling");
  for (const RanksPlan& row : plan.rows) {
    text +=
        fmt::format("{:>7}{:>11.4f}{:>11.4f}{:>11.6f}{:>11.4f}{:>13.1f}{:>11.1f}%{:>8.1f}%\n", row.ranks,
                    row.compute_seconds, plan.job.gather ? row.gather_seconds : row.tensor_seconds, row.world_seconds,
                    row.seconds(), row.examples_per_second(), 100 * row.efficiency, 100 * row.scaling);
  }
  return text +
         "  efficiency: useful FLOPs over what the ranks could do at the assumed rate; scaling: examples a rank over "
         "the "
         "first row's\n";
}

}  // namespace

std::string plan_text(const Plan& plan) {
  return head(plan) + weights(plan) + collectives(plan) + counts(plan) + gathers(plan) + memory_text(plan) +
         prediction(plan) + (plan.job.gather ? rivals(plan) : "");
}

}  // namespace prelude
