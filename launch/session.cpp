#include "launch/session.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/memory/reusing_allocator.h"

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

// Cores for one of `ranks` ranks on this host: those that the launcher bound it to, or its part of all.
int cores(int ranks) {
  const int all = std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
  cpu_set_t set;
  const int bound = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : all;
  return bound < all ? bound : std::max(1, all / ranks);
}

at::Device gpu_of(const HostPlace& place) {
  // A DeviceIndex is a signed char; a count is not negative.
  const auto gpus = static_cast<int>(static_cast<unsigned char>(at::detail::getCUDAHooks().deviceCount()));
  require(place.ranks <= gpus || place.shared_gpu,
          "{} ranks run on this host, but {} of its GPUs are visible; start one rank a GPU, or let them share with "
          "--collectives mpi",
          place.ranks, gpus);
  const auto index = static_cast<c10::DeviceIndex>(place.rank % gpus);
  const at::Device gpu{at::kCUDA, index};
  at::globalContext().lazyInitDevice(at::kCUDA);          // whatever asks its allocator first
  c10::impl::VirtualGuardImpl{at::kCUDA}.setDevice(gpu);  // CUDA's hooks do not have setCurrentDevice
  return gpu;
}

void make_cuda_deterministic() {
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);  // cuBLAS is deterministic only with a fixed one
  auto& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/true);
  context.setDeterministicFillUninitializedMemory(false);
  context.setBenchmarkCuDNN(false);
  context.setSDPUseCuDNN(false);  // neither's gradients repeat their bits; see core/ops/dense_attention.h
  context.setSDPUseFlash(false);
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
  table
      .add("threads", options.threads, "N",
           "CPU threads of a rank; 0: one a core of its part of the host. Results depend on it in the last bits.")
      .at_least(0)
      .at_most(most_threads);
}

Session open_session(SessionOptions& options, const HostPlace& place) {
  if (options.device == "cuda") require_cuda();
  if (options.device.empty()) options.device = has_cuda() ? "cuda" : "cpu";
  const bool cuda = options.device == "cuda";
  if (options.dtype.empty()) options.dtype = cuda ? "bfloat16" : "float32";
  if (options.threads == 0) options.threads = cores(place.ranks);
  at::set_num_threads(options.threads);
  reuse_tensor_memory();
  if (cuda) make_cuda_deterministic();
  return {cuda ? gpu_of(place) : at::Device(at::kCPU), options.dtype == "float32" ? at::kFloat : at::kBFloat16,
          options.threads};
}

}  // namespace prelude
