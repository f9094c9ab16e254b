#include "launch/bench/operator_bench.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "launch/bench/timing.h"

namespace prelude {
namespace {

using Tensors = std::vector<at::Tensor>;

// Gradients of the inputs where the output gets the gradient `weights`; the host waits for them.
Tensors run(const OperatorCase::Compute& compute, const Tensors& inputs, const at::Tensor& weights) {
  const at::Tensor output = compute(inputs);
  Tensors gradients = torch::autograd::grad({output}, inputs, {weights});
  wait_for(gradients.at(0));
  return gradients;
}

double greatest_difference(const Tensors& ours, const Tensors& plain) {
  double worst = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const at::Tensor expected = plain[i].to(at::kDouble);
    const at::Tensor distance = at::linalg_vector_norm(ours[i].to(at::kDouble) - expected);
    const double relative = (distance / at::linalg_vector_norm(expected)).item<double>();
    if (!(relative <= worst)) worst = relative;  // NaN, too
  }
  return worst;
}

OperatorTime time_of(const OperatorCase& row, std::int64_t steps) {
  at::Tensor weights;  // as the output
  {
    const at::NoGradGuard no_graph;
    weights = at::randn_like(row.plain(row.inputs));
  }
  OperatorTime time{row.name, 0, 0, 0};
  time.difference =
      greatest_difference(run(row.ours, row.inputs, weights), run(row.plain, row.inputs, weights));  // warms up
  std::vector<double> ours;
  std::vector<double> plain;
  for (std::int64_t k = 0; k < steps; ++k) {
    ours.push_back(seconds_of([&] { (void)run(row.ours, row.inputs, weights); }));
    plain.push_back(seconds_of([&] { (void)run(row.plain, row.inputs, weights); }));
  }
  time.seconds = median(ours);
  time.plain_seconds = median(plain);
  return time;
}

}  // namespace

std::vector<OperatorTime> bench_operators(const std::vector<OperatorCase>& cases, std::int64_t steps) {
  std::vector<OperatorTime> times;
  times.reserve(cases.size());
  for (const OperatorCase& row : cases) times.push_back(time_of(row, steps));
  return times;
}

BenchReport report_of(const std::vector<OperatorTime>& times) {
  BenchReport report;
  report.text = fmt::format("{:<34} {:>10} {:>10} {:>8} {:>11}\n", "forward and backward", "ms", "ATen ms", "faster",
                            "difference");
  for (const OperatorTime& time : times) {
    report.json["operators"].push_back({{"name", time.name},
                                        {"seconds", time.seconds},
                                        {"plain_seconds", time.plain_seconds},
                                        {"speedup", time.speedup()},
                                        {"gradient_difference", time.difference}});
    report.text += fmt::format("{:<34} {:>10.3f} {:>10.3f} {:>8.2f} {:>11.1e}\n", time.name, time.seconds * 1e3,
                               time.plain_seconds * 1e3, time.speedup(), time.difference);
  }
  return report;
}

}  // namespace prelude
