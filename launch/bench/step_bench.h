// How fast a training step of a soft prompt is, against the machine's own matrix products in the same run.
#pragma once

#include <cstdint>
#include <string>

#include "core/t5/model.h"
#include "launch/session.h"

namespace prelude {

struct StepBenchOptions {
  std::int64_t prompt = 100;  // P
  std::int64_t source = 412;  // text tokens of every example, prompt rows not counted
  std::int64_t target = 3;    // label tokens of every example
  std::int64_t batch = 8;     // examples a step, one micro-batch
  std::int64_t steps = 5;     // measured ones, after one that warms up
  std::uint64_t seed = 1;
};

struct StepBenchResult {
  double seconds = 0;               // median step
  double sequences_per_second = 0;  // of the median step
  double useful_flops = 0;          // FLOP/s that core/t5/flops.h counts for it
  double matmul_flops = 0;          // FLOP/s of the matrix products, median of as many measurements
  std::string matmul;               // which products
  std::int64_t peak_bytes = 0;      // before the first of those
  double ratio() const { return useful_flops / matmul_flops; }
};

// Steps and matrix products are measured in turn. Random ids, all of one length: no padding.
StepBenchResult bench_step(const Model& model, const Session& session, const StepBenchOptions& options);

}  // namespace prelude
