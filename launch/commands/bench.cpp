#include "launch/commands/bench.h"

#include <cstdio>

#include "core/error.h"
#include "core/t5/initialise.h"
#include "core/t5/load.h"
#include "launch/bench/loader_bench.h"
#include "launch/bench/step_bench.h"

namespace prelude {
namespace {

struct BenchOptions {
  std::string what = "step";
  std::string shape;
  std::string backbone;
  StepBenchOptions step;  // prompt, batch, micro-batch, steps and seed count for the others, too
  LoaderBenchOptions loader;
  bool json = false;
  SessionOptions session;
};

void declare(OptionTable& table, BenchOptions& options) {
  table.add("what", options.what, "", "What to measure: a training step of a soft prompt, or the making of examples.")
      .choices({"step", "loader"});
  table.add("shape", options.shape, "NAME",
            "Random weights of this shape: tiny, t5-small (unless given), t5-base, t5-large, t5-xl, t5-xxl.");
  table.add("backbone", options.backbone, "DIR", "Instead of --shape: this backbone.");
  table.add("batch", options.step.batch, "N", "Examples a step.").at_least(1).at_most(1 << 16);
  table
      .add("steps", options.step.steps, "N",
           "Steps (loader: seconds and jumps) to measure, after one that warms up; the median counts.")
      .at_least(1)
      .at_most(1e6);
  table.add("seed", options.step.seed, "N", "Of weights, prompt and ids.");
  declare_step_bench(table, options.step);
  declare_loader_bench(table, options.loader);
  table.add("json", options.json, "", "One JSON object on standard output.");
  declare_session(table, options.session);
}

std::string model_name(const BenchOptions& options) {
  if (!options.backbone.empty()) return options.backbone;
  return options.shape.empty() ? "t5-small" : options.shape;
}

Model load_model(const BenchOptions& options, const Session& session) {
  require(options.shape.empty() || options.backbone.empty(), "give either --shape or --backbone");
  if (!options.backbone.empty()) {
    Backbone backbone = load_backbone(options.backbone, session.device, session.dtype);
    return Model(backbone.config, std::move(backbone.weights));
  }
  const T5Config config = named_t5_config(model_name(options));
  return Model(config, initialise_weights(config, options.step.seed, session.device, session.dtype));
}

BenchReport measure_loader(const BenchOptions& options) {
  LoaderBenchOptions loader = options.loader;
  loader.prompt = options.step.prompt;
  loader.batch = options.step.batch;
  loader.micro_batch = options.step.micro_batch;
  loader.steps = options.step.steps;
  loader.seed = options.step.seed;
  loader.threads = options.session.threads;
  return report_of(bench_loader(loader));
}

BenchReport measure(const BenchOptions& options, const Session& session) {
  if (options.what == "loader") return measure_loader(options);
  return report_of(bench_step(load_model(options, session), session, options.step));
}

int run(const BenchOptions& given) {
  BenchOptions options = given;
  const Session session = open_session(options.session);
  const BenchReport report = measure(options, session);
  if (!options.json) {
    std::fputs(report.text.c_str(), stdout);
    return exit_done;
  }
  nlohmann::ordered_json object{{"what", options.what},
                                {"model", model_name(options)},
                                {"device", options.session.device},
                                {"dtype", options.session.dtype},
                                {"threads", options.session.threads}};
  object.update(report.json);
  fmt::print("{}\n", object.dump());
  return exit_done;
}

}  // namespace

Command bench_command() {
  return make_command<BenchOptions>("bench", "speed, with the machine's ceiling measured in the same run", declare,
                                    run);
}

}  // namespace prelude
