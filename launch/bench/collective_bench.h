// How fast the ranks add up tensors, by size.
#pragma once

#include <cstdint>
#include <vector>

#include "dist/communicator.h"
#include "launch/bench/report.h"

namespace prelude {

struct CollectiveBenchOptions {
  std::int64_t most_bytes = std::int64_t{64} << 20;  // sizes are 4 bytes, 16, 64, ... up to this
  std::int64_t steps = 5;                            // windows of each size; the median counts
};

struct AllReduceTime {
  std::int64_t bytes;  // of the tensor, float32
  double seconds;      // one all-reduce, by the slowest rank
  int ranks;
  double algorithm_rate() const { return static_cast<double>(bytes) / seconds; }  // bytes a second
  // What a rank of a ring sends, 2 (n-1)/n of the tensor, a second.
  double bus_rate() const { return algorithm_rate() * 2 * (ranks - 1) / ranks; }
};

// A collective of `group`, for tensors on `device`. Throws InternalError where a sum is wrong.
std::vector<AllReduceTime> bench_all_reduce(Communicator& group, at::Device device,
                                            const CollectiveBenchOptions& options);

BenchReport report_of(const std::vector<AllReduceTime>& times);

}  // namespace prelude
