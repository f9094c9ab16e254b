#include "launch/bench/collective_bench.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/error.h"
#include "launch/bench/timing.h"

namespace prelude {
namespace {

constexpr std::int64_t window_bytes = std::int64_t{16} << 20;  // to add up in one window, about

// Small tensors are added up often, so that a window is longer than a clock's tick.
std::int64_t repeats_of(std::int64_t bytes) { return std::clamp<std::int64_t>(window_bytes / bytes, 2, 200); }

// Every rank brings its number + 1.
void check_sum(Communicator& group, at::Tensor& tensor) {
  tensor.fill_(group.rank() + 1);
  group.all_reduce_sum(tensor);
  const double expected = group.size() * (group.size() + 1) / 2.0;
  ensure(tensor.eq(expected).all().item<bool>(), "an all-reduce of {} numbers gave a wrong sum", tensor.numel());
}

double slowest(Communicator& group, double seconds, at::Device device) {
  const at::Tensor all = group.all_gather(at::full({1}, seconds, at::TensorOptions(device).dtype(at::kDouble)));
  return all.max().item<double>();
}

AllReduceTime time_of(Communicator& group, at::Device device, std::int64_t bytes, std::int64_t windows) {
  at::Tensor tensor = at::empty({bytes / 4}, at::TensorOptions(device).dtype(at::kFloat));
  check_sum(group, tensor);  // warms up, too
  tensor.zero_();            // sums of sums would overflow
  const std::int64_t repeats = repeats_of(bytes);
  std::vector<double> seconds;
  for (std::int64_t k = 0; k < windows; ++k) {
    wait_for(tensor);
    slowest(group, 0, device);  // here all ranks meet
    const double mine = seconds_of([&] {
      for (std::int64_t i = 0; i < repeats; ++i) group.all_reduce_sum(tensor);
      wait_for(tensor);
    });
    seconds.push_back(slowest(group, mine, device) / static_cast<double>(repeats));
  }
  return {bytes, median(seconds), group.size()};
}

}  // namespace

std::vector<AllReduceTime> bench_all_reduce(Communicator& group, at::Device device,
                                            const CollectiveBenchOptions& options) {
  std::vector<AllReduceTime> times;
  for (std::int64_t bytes = 4; bytes <= options.most_bytes; bytes *= 4) {
    times.push_back(time_of(group, device, bytes, options.steps));
  }
  return times;
}

BenchReport report_of(const std::vector<AllReduceTime>& times) {
  constexpr double giga = 1e9;
  BenchReport report;
  report.json["ranks"] = times.at(0).ranks;
  report.text = fmt::format("all-reduce of float32 over {} ranks; bus: what a rank of a ring sends, 2 (n-1)/n\n",
                            times.at(0).ranks);
  report.text += fmt::format("{:>12} {:>12} {:>16} {:>10}\n", "bytes", "microseconds", "algorithm GB/s", "bus GB/s");
  for (const AllReduceTime& time : times) {
    report.json["all_reduce"].push_back({{"bytes", time.bytes},
                                         {"seconds", time.seconds},
                                         {"algorithm_bytes_per_second", time.algorithm_rate()},
                                         {"bus_bytes_per_second", time.bus_rate()}});
    report.text += fmt::format("{:>12} {:>12.1f} {:>16.3f} {:>10.3f}\n", time.bytes, time.seconds * 1e6,
                               time.algorithm_rate() / giga, time.bus_rate() / giga);
  }
  return report;
}

}  // namespace prelude
