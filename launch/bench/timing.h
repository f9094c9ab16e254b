#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

namespace prelude {

// Of an even number of values, the mean of the two in the middle. `values` is not empty.
inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Seconds that `work` takes.
template <typename Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Processor seconds of all threads of this process so far: other programs on the same cores hardly change them.
inline double processor_seconds() {
  std::timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Waits for the device by reading one number of `tensor` [...], which is not empty.
inline void wait_for(const at::Tensor& tensor) { (void)tensor.flatten().narrow(0, 0, 1).to(at::Device(at::kCPU)); }

}  // namespace prelude
