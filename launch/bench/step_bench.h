// How fast a training step of a soft prompt is, against the machine's own matrix products in the same run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/t5/model.h"
#include "launch/bench/report.h"
#include "launch/options.h"
#include "launch/session.h"
#include "tasks/micro_batch_cut.h"

namespace prelude {

struct StepBenchOptions {
  std::int64_t prompt = 100;          // P
  std::int64_t source = 412;          // text tokens of every example, prompt rows not counted
  std::int64_t target = 3;            // label tokens of every example
  std::int64_t batch = 8;             // examples a step
  std::int64_t micro_batch = 1024;    // of them computed at once, at most
  std::string micro_tokens = "auto";  // encoder positions computed at once, at most
  bool recompute = false;             // layers are run again backward
  std::int64_t steps = 5;             // measured ones, after one that warms up
  std::uint64_t seed = 1;
  std::string examples{};        // a file instead of random ids
  std::string init_prompt{};     // a prompt instead of random rows
  std::string write_gradient{};  // .npy; empty: not written
  bool take_turns = false;       // with another program, instead of `steps` at once
  bool cuda_graphs = false;
};

struct StepTime {
  double seconds;
  double processor_seconds;  // of all threads
  double matmul_flops;       // FLOP/s of the matrix products, right after the step
};

// Whether to measure another step after those of `so_far`.
using Pace = std::function<bool(const std::vector<StepTime>& so_far)>;
Pace pace_of(const StepBenchOptions& options);

struct StepBenchResult {
  std::int64_t examples = 0;  // a step
  std::int64_t prompt = 0;
  std::int64_t micro_batches = 0;
  std::int64_t source_tokens = 0;   // a step, without prompt rows and padding
  std::int64_t target_tokens = 0;   // a step, without padding
  double loss = 0;                  // of the first step: mean over its label tokens
  double seconds = 0;               // median step
  double processor_seconds = 0;     // of all threads, median step
  double sequences_per_second = 0;  // of the median step
  double useful_flops = 0;          // FLOP/s that core/t5/flops.h counts for it
  double matmul_flops = 0;          // FLOP/s of the matrix products, median
  std::string matmul;               // which products
  std::int64_t peak_bytes = 0;      // after the first step, before any of those
  std::int64_t tensor_bytes = 0;    // of those, what tensors took, weights and all (CPU)
  std::int64_t planned_bytes = 0;   // the same by core/t5/step_memory.h, as `prelude plan` adds it up
  double ratio() const { return useful_flops / matmul_flops; }
};

// --prompt, --source, --target, --micro-batch, --micro-tokens, --examples, --init-prompt, --write-gradient,
// --take-turns.
void declare_step_bench(OptionTable& table, StepBenchOptions& options);

// What is computed at once, `prompt_rows` before every source.
MicroBatchLimits limits_of(const StepBenchOptions& options, std::int64_t prompt_rows, const T5Config& config,
                           at::Device device);

// Steps and matrix products are measured in turn. Random ids are all of one length: no padding. The gradient written is
// [P,D] float32: of the mean loss, of the first step, before clipping. Throws UserError where no step is measured.
StepBenchResult bench_step(const Model& model, const Session& session, const StepBenchOptions& options,
                           const Pace& another);

BenchReport report_of(const StepBenchResult& result);

}  // namespace prelude
