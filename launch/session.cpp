#include "launch/session.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstdlib>
#include <thread>

#include "core/error.h"

namespace prelude {
namespace {

constexpr int most_threads = 4096;

bool has_cuda() { return at::globalContext().hasCUDA(); }

void require_cuda() {
#ifdef PRELUDE_CUDA
  require(has_cuda(),
          "--device cuda: no CUDA device is visible (see nvidia-smi and CUDA_VISIBLE_DEVICES); use --device cpu");
#else
  fail("--device cuda: this build has no CUDA; build the preset cuda-release, or use --device cpu");
#endif
}

int cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

void make_cuda_deterministic() {
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);  // cuBLAS is deterministic only with a fixed one
  auto& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/true);
  context.setDeterministicFillUninitializedMemory(false);
  context.setBenchmarkCuDNN(false);
}

}  // namespace

void declare_session(OptionTable& table, SessionOptions& options) {
  table.add("device", options.device, "", "Where to compute; cuda if there is one unless given.")
      .choices({"cpu", "cuda"});
  table
      .add("dtype", options.dtype, "",
           "Number type of the frozen weights; bfloat16 on cuda and float32 on the CPU unless given. What trains is "
           "always float32.")
      .choices({"float32", "bfloat16"});
  table.add("threads", options.threads, "N", "CPU threads; 0: one a core. Results depend on it in the last bits.")
      .at_least(0)
      .at_most(most_threads);
}

Session open_session(SessionOptions& options) {
  if (options.device == "cuda") require_cuda();
  if (options.device.empty()) options.device = has_cuda() ? "cuda" : "cpu";
  const bool cuda = options.device == "cuda";
  if (options.dtype.empty()) options.dtype = cuda ? "bfloat16" : "float32";
  if (options.threads == 0) options.threads = cores();
  at::set_num_threads(options.threads);
  if (cuda) make_cuda_deterministic();
  return {cuda ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU),
          options.dtype == "float32" ? at::kFloat : at::kBFloat16, options.threads};
}

}  // namespace prelude
