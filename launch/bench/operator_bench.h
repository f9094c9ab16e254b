// How fast each operator is, forward and backward, against the same mathematics composed of ATen's operators.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/t5/config.h"
#include "launch/bench/report.h"
#include "launch/session.h"

namespace prelude {

struct OperatorBenchOptions {
  std::int64_t source = 512;  // S, prompt rows included
  std::int64_t target = 3;    // T
  std::int64_t batch = 8;     // B
  std::int64_t steps = 5;     // measured ones, after one that warms up
};

// A row of the table: one operator at one of a step's shapes.
struct OperatorCase {
  std::string name;
  std::vector<at::Tensor> inputs;  // those that get a gradient
  using Compute = std::function<at::Tensor(const std::vector<at::Tensor>& inputs)>;
  Compute ours;
  Compute plain;  // composed of ATen's operators
};

// Random numbers in the shapes that a step of `config` has.
std::vector<OperatorCase> operator_cases(const T5Config& config, const Session& session,
                                         const OperatorBenchOptions& options);

struct OperatorTime {
  std::string name;
  double seconds;        // forward and backward, median
  double plain_seconds;  // of the composition
  double difference;     // of the inputs' gradients from the composition's, relative (L2), the greatest
  double speedup() const { return plain_seconds / seconds; }
};

// The two are measured in turn.
std::vector<OperatorTime> bench_operators(const std::vector<OperatorCase>& cases, std::int64_t steps);

BenchReport report_of(const std::vector<OperatorTime>& times);

}  // namespace prelude
