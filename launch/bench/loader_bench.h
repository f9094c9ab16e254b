// How fast the loader makes examples out of a corpus, and how soon it gives a step far away.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launch/bench/report.h"
#include "launch/options.h"
#include "tasks/micro_batch_cut.h"

namespace prelude {

struct LoaderBenchOptions {
  std::string corpus;
  std::string tokenizer;
  std::string task = "nsp";
  std::int64_t prompt = 100;  // rows that a source leaves room for
  std::int64_t batch = 32;    // examples a step
  MicroBatchLimits limits{};
  std::int64_t steps = 5;  // seconds and jumps to measure
  std::uint64_t seed = 1;
  int threads = 1;               // workers
  std::string write_examples{};  // the first step's examples; empty: not written
};

struct LoaderBenchResult {
  std::int64_t batch = 0;
  double examples_per_second = 0;  // median of windows
  double jump_seconds = 0;         // median: from a loader's start at a random step to that step's examples
  double worst_jump_seconds = 0;
  double source_tokens = 0;  // an example, mean
  std::int64_t peak_bytes = 0;
};

// --corpus, --tokenizer, --task, --write-examples.
void declare_loader_bench(OptionTable& table, LoaderBenchOptions& options);

// Examples are counted for `window` seconds, `steps` times, and `steps` jumps are made. Throws UserError where corpus,
// tokenizer and task do not fit together.
LoaderBenchResult bench_loader(const LoaderBenchOptions& options, double window = 1);

BenchReport report_of(const LoaderBenchResult& result);

}  // namespace prelude
