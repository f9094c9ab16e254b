// Options, pace and report of launch/bench/step_bench.h.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>

#include "launch/bench/step_bench.h"
#include "launch/micro_tokens.h"
#include "launch/standard_output.h"

namespace prelude {

void declare_step_bench(OptionTable& table, StepBenchOptions& options) {
  table.add("prompt", options.prompt, "P", "Prompt rows.").at_least(1).at_most(4096);
  table.add("source", options.source, "N", "Text tokens of an example, beside the prompt.")
      .at_least(1)
      .at_most(1 << 16);
  table.add("target", options.target, "N", "Label tokens of an example.").at_least(1).at_most(1 << 16);
  table.add("micro-batch", options.micro_batch, "N", "Examples computed at once, at most.")
      .at_least(1)
      .at_most(1 << 16);
  declare_micro_tokens(table, options.micro_tokens);
  table.add("recompute", options.recompute, "", "Run the layers again backward instead of keeping what they computed.");
  table.add("examples", options.examples, "FILE",
            "Instead of random ids: one step's examples, lines with source_ids and target_ids as predict takes them.");
  table.add("init-prompt", options.init_prompt, "PROMPT",
            "Instead of --prompt random rows: a PEFT folder, .npy or .pt.");
  table.add("write-gradient", options.write_gradient, "FILE",
            "The first step's gradient of the mean loss by the prompt, not clipped, as .npy.");
  table.add("take-turns", options.take_turns, "",
            "Instead of --steps: a step for each line on standard input, answered by its times, so that another "
            "program's steps can come between; the report at its end.");
}

MicroBatchLimits limits_of(const StepBenchOptions& options, std::int64_t prompt_rows, const T5Config& config,
                           at::Device device) {
  const auto positions = parse_micro_tokens(options.micro_tokens).value_or(efficient_positions(device));
  return micro_batch_limits(fmt::format("{}", positions), options.micro_batch, prompt_rows, config, device);
}

Pace pace_of(const StepBenchOptions& options) {
  if (!options.take_turns) {
    return [most = options.steps](const auto& so_far) { return static_cast<std::int64_t>(so_far.size()) < most; };
  }
  return [](const std::vector<StepTime>& so_far) {
    if (!so_far.empty()) {
      const StepTime& last = so_far.back();
      const nlohmann::ordered_json answer{{"seconds", last.seconds},
                                          {"processor_seconds", last.processor_seconds},
                                          {"matmul_flops", last.matmul_flops}};
      print_out("{}\n", answer.dump());
      std::fflush(stdout);
    }
    std::string line;
    return static_cast<bool>(std::getline(std::cin, line));
  };
}

BenchReport report_of(const StepBenchResult& result) {
  BenchReport report;
  auto& object = report.json;
  object["prompt"] = result.prompt;
  object["batch"] = result.examples;
  object["micro_batches"] = result.micro_batches;
  object["source_tokens"] = result.source_tokens;
  object["target_tokens"] = result.target_tokens;
  object["loss"] = result.loss;
  object["step_seconds"] = result.seconds;
  object["processor_seconds"] = result.processor_seconds;
  object["sequences_per_second"] = result.sequences_per_second;
  object["useful_flops"] = result.useful_flops;
  object["matmul_flops"] = result.matmul_flops;
  object["matmul"] = result.matmul;
  object["ratio"] = result.ratio();
  object["peak_bytes"] = result.peak_bytes;
  object["tensor_bytes"] = result.tensor_bytes;
  object["planned_bytes"] = result.planned_bytes;
  constexpr double giga = 1e9;
  report.text = fmt::format(
      "step        {:.4f} s, {:.3f} sequences/s; loss of the first {:.4f}\n"
      "useful      {:.1f} GFLOP/s (4 N a real token, attention 3 times its forward; docs/performance.md)\n"
      "ceiling     {:.1f} GFLOP/s ({})\n"
      "ratio       {:.3f}\n"
      "peak memory {:.2f} GB; tensors {:.3f} GB, planned {:.3f} GB\n",
      result.seconds, result.sequences_per_second, result.loss, result.useful_flops / giga, result.matmul_flops / giga,
      result.matmul, result.ratio(), static_cast<double>(result.peak_bytes) / giga,
      static_cast<double>(result.tensor_bytes) / giga, static_cast<double>(result.planned_bytes) / giga);
  return report;
}

}  // namespace prelude
