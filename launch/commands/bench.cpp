#include "launch/commands/bench.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/t5/initialise.h"
#include "core/t5/load.h"
#include "launch/bench/step_bench.h"

namespace prelude {
namespace {

struct BenchOptions {
  std::string what = "step";
  std::string shape;
  std::string backbone;
  StepBenchOptions step;
  bool json = false;
  SessionOptions session;
};

void declare(OptionTable& table, BenchOptions& options) {
  table.add("what", options.what, "", "What to measure: a training step of a soft prompt.").choices({"step"});
  table.add("shape", options.shape, "NAME",
            "Random weights of this shape: tiny, t5-small (unless given), t5-base, t5-large, t5-xl, t5-xxl.");
  table.add("backbone", options.backbone, "DIR", "Instead of --shape: this backbone.");
  table.add("prompt", options.step.prompt, "P", "Prompt rows.").at_least(1).at_most(4096);
  table.add("source", options.step.source, "N", "Text tokens of an example, beside the prompt.")
      .at_least(1)
      .at_most(1 << 16);
  table.add("target", options.step.target, "N", "Label tokens of an example.").at_least(1).at_most(1 << 16);
  table.add("batch", options.step.batch, "N", "Examples a step.").at_least(1).at_most(1 << 16);
  table.add("steps", options.step.steps, "N", "Steps to measure, after one that warms up; the median counts.")
      .at_least(1)
      .at_most(1e6);
  table.add("seed", options.step.seed, "N", "Of weights, prompt and ids.");
  table.add("json", options.json, "", "One JSON object on standard output.");
  declare_session(table, options.session);
}

Model load_model(const BenchOptions& options, const Session& session) {
  require(options.shape.empty() || options.backbone.empty(), "give either --shape or --backbone");
  if (!options.backbone.empty()) {
    Backbone backbone = load_backbone(options.backbone, session.device, session.dtype);
    return Model(backbone.config, std::move(backbone.weights));
  }
  const T5Config config = named_t5_config(options.shape.empty() ? "t5-small" : options.shape);
  return Model(config, initialise_weights(config, options.step.seed, session.device, session.dtype));
}

std::string json_text(const BenchOptions& options, const StepBenchResult& result) {
  nlohmann::ordered_json object;
  object["what"] = options.what;
  object["model"] = !options.backbone.empty() ? options.backbone : options.shape.empty() ? "t5-small" : options.shape;
  object["device"] = options.session.device;
  object["dtype"] = options.session.dtype;
  object["threads"] = options.session.threads;
  object["prompt"] = options.step.prompt;
  object["source"] = options.step.source;
  object["target"] = options.step.target;
  object["batch"] = options.step.batch;
  object["step_seconds"] = result.seconds;
  object["sequences_per_second"] = result.sequences_per_second;
  object["useful_flops"] = result.useful_flops;
  object["matmul_flops"] = result.matmul_flops;
  object["matmul"] = result.matmul;
  object["ratio"] = result.ratio();
  object["peak_bytes"] = result.peak_bytes;
  return object.dump() + "\n";
}

std::string plain_text(const StepBenchResult& result) {
  constexpr double giga = 1e9;
  return fmt::format(
      "step        {:.4f} s, {:.3f} sequences/s\n"
      "useful      {:.1f} GFLOP/s (4 N a real token, attention 3 times its forward; docs/performance.md)\n"
      "ceiling     {:.1f} GFLOP/s ({})\n"
      "ratio       {:.3f}\n"
      "peak memory {:.2f} GB\n",
      result.seconds, result.sequences_per_second, result.useful_flops / giga, result.matmul_flops / giga,
      result.matmul, result.ratio(), static_cast<double>(result.peak_bytes) / giga);
}

int run(const BenchOptions& given) {
  BenchOptions options = given;
  const Session session = open_session(options.session);
  const Model model = load_model(options, session);
  const StepBenchResult result = bench_step(model, session, options.step);
  std::fputs((options.json ? json_text(options, result) : plain_text(result)).c_str(), stdout);
  return exit_done;
}

}  // namespace

Command bench_command() {
  return make_command<BenchOptions>("bench", "speed, with the machine's ceiling measured in the same run", declare,
                                    run);
}

}  // namespace prelude
