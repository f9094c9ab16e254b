#include "launch/commands/plan.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "core/error.h"
#include "core/io/safetensors.h"
#include "launch/plan/plan_report.h"
#include "launch/standard_output.h"

namespace prelude {
namespace {

constexpr double most_ranks = 1 << 24;
constexpr double longest = 1 << 16;
constexpr double largest_batch = 1 << 20;

struct PlanOptions {
  std::string backbone;
  std::string shape;
  std::string dtype = "bfloat16";
  std::string device = "cuda";
  std::vector<std::int64_t> ranks;
  std::string shard = "whole";
  std::string train = "delta";
  std::string optimizer = "adamw";
  std::string shard_optimizer = "on";
  std::optional<std::int64_t> prompt_length;
  bool equal_lengths = false;
  PlannedJob job;
  MachineAssumptions machine;
  bool json = false;
};

void declare_job(OptionTable& table, PlanOptions& options) {
  PlannedJob& job = options.job;
  table.add("backbone", options.backbone, "DIR", "Backbone folder; only its config.json is read.");
  table.add("shape", options.shape, "NAME",
            "Instead of --backbone: tiny, t5-small, t5-base, t5-large, t5-xl, t5-xxl (unless given).");
  table.add("train", options.train, "", "What trains: a prompt alone (delta), or all weights and no prompt (backbone).")
      .choices({"delta", "backbone"});
  table
      .add("optimizer", options.optimizer, "",
           "Of all weights: AdamW's two moments, or Adafactor's factored one. Weights of fewer bits than float32 have "
           "float32 copies.")
      .choices({"adamw", "adafactor"})
      .only_with("--train backbone", [&options] { return options.train == "backbone"; });
  table
      .add("shard-optimizer", options.shard_optimizer, "",
           "Of all weights: each data-parallel rank keeps and updates its share of the optimiser's state.")
      .choices({"on", "off"})
      .only_with("--train backbone", [&options] { return options.train == "backbone"; });
  table.add("prompt-length", options.prompt_length, "P", "Prompt rows; 100 unless given.").at_least(1).at_most(4096);
  table.add("source", job.source, "N", "Mean text tokens of an example, beside the prompt.")
      .at_least(1)
      .at_most(longest);
  table.add("target", job.target, "N", "Mean label tokens of an example.").at_least(1).at_most(longest);
  table
      .add("global-batch", job.global_batch, "N",
           "Examples a step at the first of --ranks; at the others a rank has as many as there, unless --fixed-batch.")
      .at_least(1)
      .at_most(largest_batch);
  table.add("micro-batch", job.micro_batch, "N", "Examples computed at once, at most.")
      .at_least(1)
      .at_most(largest_batch);
  table
      .add("ranks", options.ranks, "N",
           "Numbers of ranks, one GPU each; of 1, 8, 64, 512 those that --tensor-parallel divides unless given.")
      .at_least(1)
      .at_most(most_ranks);
  table.add("tensor-parallel", job.tensor, "N", "Ranks that share one copy of the backbone.")
      .at_least(1)
      .at_most(most_ranks);
  table
      .add("shard", options.shard, "",
           "What of the backbone a data-parallel rank holds: all of it, or (gather) an equal part of every layer.")
      .choices({"whole", "gather"});
  table.add("dtype", options.dtype, "", "Number type of weights and activations.").choices({"float32", "bfloat16"});
  table.add("device", options.device, "", "Where the job computes: its memory differs.").choices({"cpu", "cuda"});
  table.add("recompute", job.recompute, "", "Layers are run again backward: 2N FLOPs a token more, less memory.");
  table.add("fixed-batch", job.fixed_batch, "", "The same global batch at all --ranks: strong scaling.");
  table.add("equal-lengths", options.equal_lengths, "",
            "All examples of a micro-batch have one length: less memory for the position bias.");
}

void declare(OptionTable& table, PlanOptions& options) {
  declare_job(table, options);
  MachineAssumptions& machine = options.machine;
  table
      .add("matmul-tflops", machine.matmul_tflops, "X",
           "Useful TFLOP/s that a rank sustains. The default is an assumption, 75 % of an H200's bfloat16 product; it "
           "measured was 524 at T5-XXL, 557 with cuDNN's attention.")
      .above(0);
  table.add("link-gbytes", machine.link_gbytes, "X", "GB/s that a rank sends within its host (NVLink); assumed.")
      .above(0);
  table.add("network-gbytes", machine.network_gbytes, "X", "GB/s that a rank sends between hosts; assumed.").above(0);
  table.add("latency-us", machine.latency_us, "X", "Microseconds of a collective, whatever its size; assumed.")
      .at_least(0);
  table.add("ranks-per-host", machine.ranks_per_host, "N", "GPUs of a host.").at_least(1).at_most(1 << 10);
  table.add("memory-gib", machine.memory_gib, "X", "Memory of a GPU in GiB.").above(0);
  table.add("json", options.json, "", "One JSON object on standard output.");
}

// Newer config.json files call every backbone tied. Where the folder has its weights, their headers tell whether there
// is an output matrix; whether it only repeats the embedding takes reading it, which the loader does.
bool may_have_output_matrix(const std::filesystem::path& folder) {
  const bool weights = std::filesystem::exists(folder / "model.safetensors") ||
                       std::filesystem::exists(folder / "model.safetensors.index.json");
  if (!weights) return true;
  const std::vector<SafetensorsFile> files = open_safetensors_folder(folder.string());
  return std::any_of(files.begin(), files.end(),
                     [](const SafetensorsFile& file) { return file.find("lm_head.weight") != nullptr; });
}

void read_model(const PlanOptions& options, Plan& plan) {
  require(options.shape.empty() || options.backbone.empty(), "give either --shape or --backbone");
  T5Config& config = plan.job.config;
  if (options.backbone.empty()) {
    plan.model = options.shape.empty() ? "t5-xxl" : options.shape;
    config = named_t5_config(plan.model);
    return;
  }
  plan.model = options.backbone;
  const std::filesystem::path folder(options.backbone);
  config = read_t5_config((folder / "config.json").string());
  if (config.tie_by_tensors && may_have_output_matrix(folder)) {
    plan.output_unsettled = true;
    config.tie_word_embeddings = false;  // more rather than less
  }
}

void settle_ranks(const std::vector<std::int64_t>& given, PlannedJob& job) {
  for (const std::int64_t ranks : given) {
    require(ranks % job.tensor == 0, "--ranks: {} is no multiple of --tensor-parallel {}; use {}", ranks, job.tensor,
            (ranks / job.tensor + 1) * job.tensor);
  }
  job.ranks = given;
  if (!given.empty()) return;
  for (const std::int64_t ranks : {1, 8, 64, 512}) {
    if (ranks % job.tensor == 0) job.ranks.push_back(ranks);
  }
  if (job.ranks.empty()) job.ranks = {job.tensor};
}

// What trains.
void settle_training(const PlanOptions& options, PlannedJob& job) {
  job.backbone = options.train == "backbone";
  job.prompt = options.prompt_length.value_or(job.prompt);
  if (!job.backbone) return;
  require(!options.prompt_length, "--train backbone trains no prompt; drop --prompt-length");
  require(!job.gather, "--train backbone with --shard gather: weights that are gathered do not train; drop one");
  job.prompt = 0;
  job.training = {options.optimizer == "adafactor", options.shard_optimizer == "on"};
}

int run(const PlanOptions& options) {
  Plan plan;
  plan.dtype = options.dtype;
  plan.job = options.job;
  plan.machine = options.machine;
  read_model(options, plan);
  PlannedJob& job = plan.job;
  job.element_bytes = options.dtype == "float32" ? 4 : 2;
  job.cpu_kernels = options.device == "cpu" && options.dtype == "float32";
  job.padded = !options.equal_lengths && job.micro_batch > 1;
  job.gather = options.shard == "gather";
  require(!job.gather || job.tensor == 1, "--shard gather and --tensor-parallel {} both cut the backbone; drop one",
          job.tensor);
  settle_training(options, job);
  require_tensor_degree(job.config, job.tensor);
  settle_ranks(options.ranks, job);
  plan.rows = plan_ranks(job, plan.machine);
  write_out((options.json ? plan_json(plan) : plan_text(plan)));
  return exit_done;
}

}  // namespace

Command plan_command() {
  return make_command<PlanOptions>("plan", "memory, collectives and time of a training job, before it runs", declare,
                                   run);
}

}  // namespace prelude
