#include "launch/commands/bench.h"

#include <ATen/ATen.h>

#include <cstdio>

#include "core/error.h"
#include "core/t5/initialise.h"
#include "core/t5/load.h"
#include "launch/bench/checkpoint_bench.h"
#include "launch/bench/collective_bench.h"
#include "launch/bench/loader_bench.h"
#include "launch/bench/loading_bench.h"
#include "launch/bench/operator_bench.h"
#include "launch/bench/step_bench.h"
#include "launch/ranks.h"
#include "launch/standard_output.h"
#include "launch/weight_format.h"

namespace prelude {
namespace {

struct BenchOptions {
  std::string what = "step";
  std::string shape;
  std::string backbone;
  std::string attention = "efficient";
  StepBenchOptions step;  // prompt, batch, steps and so on count for the others, too
  LoaderBenchOptions loader;
  CheckpointBenchOptions checkpoint;
  LoadingBenchOptions loading;
  bool json = false;
  std::string weights = weights_as_loaded;
  SessionOptions session;
  RankOptions ranks;
};

void declare(OptionTable& table, BenchOptions& options) {
  table
      .add(
          "what", options.what, "",
          "What to measure: a training step of a soft prompt, its operators one by one, all-reduces of the ranks (with "
          "--tensor-parallel, of all its groups at once), the making of examples, the writing and reading of a "
          "checkpoint, or the loading of a backbone.")
      .choices({"step", "operators", "collectives", "loader", "checkpoint", "loading"});
  table.add("shape", options.shape, "NAME",
            "Random weights of this shape: tiny, t5-small (unless given), t5-base, t5-large, t5-xl, t5-xxl.");
  table.add("backbone", options.backbone, "DIR", "Instead of --shape: this backbone.");
  table.add("batch", options.step.batch, "N", "Examples a step.").at_least(1).at_most(1 << 16);
  table
      .add("steps", options.step.steps, "N",
           "Steps (or rounds of what is measured instead), after one that warms up; the median counts.")
      .at_least(1)
      .at_most(1e6);
  table.add("seed", options.step.seed, "N", "Of weights, prompt and ids.");
  declare_step_bench(table, options.step);
  const auto measured = [&](const std::string& what, const std::function<void()>& declare_rows) {
    table.section(
        fmt::format("--what {}", what), [&options, what] { return options.what == what; }, declare_rows);
  };
  measured("loader", [&] { declare_loader_bench(table, options.loader); });
  measured("checkpoint", [&] { declare_checkpoint_bench(table, options.checkpoint); });
  measured("loading", [&] { declare_loading_bench(table, options.loading); });
  measured("step", [&] {
    table.add("cuda-graphs", options.step.cuda_graphs, "", "On cuda: steps as `pretrain --cuda-graphs` runs them.");
    table
        .add("attention", options.attention, "",
             "On cuda: LibTorch's memory-efficient attention, as in training, or cuDNN's, whose gradients do not "
             "repeat their bits.")
        .choices({"efficient", "cudnn"});
  });
  table.add("json", options.json, "", "One JSON object on standard output.");
  declare_weight_format(table, options.weights);
  declare_session(table, options.session);
  declare_ranks(table, options.ranks);
}

std::string model_name(const BenchOptions& options) {
  if (!options.backbone.empty()) return options.backbone;
  return options.shape.empty() ? "t5-small" : options.shape;
}

T5Config config_of(const BenchOptions& options) {
  if (!options.backbone.empty()) return read_t5_config(fmt::format("{}/config.json", options.backbone));
  return named_t5_config(model_name(options));
}

// The measurement fails where cuDNN does not take the attention, instead of measuring something else.
void use_cudnn_attention(const Session& session) {
  require(session.device.is_cuda(), "--attention cudnn needs --device cuda");
  auto& context = at::globalContext();
  context.setDeterministicAlgorithms(false, /*warn_only=*/false);
  context.setSDPUseCuDNN(true);
  context.setSDPUseMemEfficient(false);
  context.setSDPUseFlash(false);
  context.setSDPUseMath(false);
}

Model load_model(const BenchOptions& options, const Session& session) {
  if (!options.backbone.empty()) {
    Backbone backbone = load_backbone(options.backbone, session.device, session.dtype);
    return take_model(backbone);
  }
  const T5Config config = config_of(options);
  return Model(config, initialise_weights(config, options.step.seed, session.device, session.dtype));
}

BenchReport measure_operators(const BenchOptions& options, const Session& session) {
  const StepBenchOptions& step = options.step;
  const OperatorBenchOptions size{step.prompt + step.source, step.target, step.batch};
  return report_of(bench_operators(operator_cases(config_of(options), session, size), step.steps));
}

BenchReport measure_collectives(const BenchOptions& options, const Session& session, World& world) {
  const Ranks ranks(options.ranks, session, world);
  const Mesh& mesh = ranks.mesh();
  Communicator& group = mesh.place.tensor_size > 1 ? *mesh.tensor : *mesh.world;
  CollectiveBenchOptions collective;
  collective.steps = options.step.steps;
  return report_of(bench_all_reduce(group, session.device, collective));
}

BenchReport measure_loader(const BenchOptions& options) {
  LoaderBenchOptions loader = options.loader;
  loader.prompt = options.step.prompt;
  loader.batch = options.step.batch;
  loader.limits = limits_of(options.step, options.step.prompt, config_of(options), at::kCPU);
  loader.steps = options.step.steps;
  loader.seed = options.step.seed;
  loader.threads = options.session.threads;
  return report_of(bench_loader(loader));
}

BenchReport measure_checkpoint(const BenchOptions& options) {
  CheckpointBenchOptions checkpoint = options.checkpoint;
  checkpoint.prompt = options.step.prompt;
  checkpoint.d_model = config_of(options).d_model;
  checkpoint.steps = options.step.steps;
  checkpoint.seed = options.step.seed;
  return report_of(bench_checkpoint(checkpoint));
}

BenchReport measure_loading(const BenchOptions& options, const Session& session) {
  LoadingBenchOptions loading = options.loading;
  loading.backbone = options.backbone;
  loading.steps = options.step.steps;
  return report_of(bench_loading(loading, session));
}

BenchReport measure(const BenchOptions& options, const Session& session, World& world) {
  if (options.what == "collectives") return measure_collectives(options, session, world);
  require(world.alone(), "--what {} runs in one process, but {} were started; leave mpirun or srun out", options.what,
          world.size());
  if (options.what == "operators") return measure_operators(options, session);
  if (options.what == "loader") return measure_loader(options);
  if (options.what == "checkpoint") return measure_checkpoint(options);
  if (options.what == "loading") return measure_loading(options, session);
  if (options.attention == "cudnn") use_cudnn_attention(session);
  Model model = load_model(options, session);
  if (options.step.recompute) model.recompute_layers();
  apply_weight_format(model, options.weights);
  return report_of(bench_step(model, session, options.step, pace_of(options.step)));
}

int run(const BenchOptions& given, World& world) {
  BenchOptions options = given;
  require(options.shape.empty() || options.backbone.empty(), "give either --shape or --backbone");
  const Session session = open_session(options.session, options.ranks, world);
  const BenchReport report = measure(options, session, world);
  if (!world.first()) return exit_done;
  if (!options.json) {
    write_out(report.text);
    return exit_done;
  }
  nlohmann::ordered_json object{{"what", options.what}};
  if (options.what != "collectives" && options.what != "loader") object["model"] = model_name(options);
  object["device"] = options.session.device;
  object["dtype"] = options.session.dtype;
  object["threads"] = options.session.threads;
  object.update(report.json);
  print_out("{}\n", object.dump());
  return exit_done;
}

}  // namespace

Command bench_command() {
  return make_command<BenchOptions>("bench", "speed, with the machine's ceiling measured in the same run", declare,
                                    run);
}

}  // namespace prelude
