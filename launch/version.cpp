#include "launch/version.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <fmt/format.h>
#include <hdf5.h>
#include <torch/headeronly/version.h>

#include <thread>

#include "dist/mpi/mpi_session.h"
#include "dist/nccl/make_nccl.h"
#include "launch/build_revision.h"

namespace prelude {
namespace {

std::string hdf5_version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  if (H5get_libversion(&major, &minor, &release) < 0) return "unknown";
  return fmt::format("{}.{}.{}", major, minor, release);
}

std::string cuda_devices() {
#ifdef PRELUDE_CUDA
  const auto count = at::globalContext().hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
  return count == 0 ? std::string("built in, no device found") : fmt::format("{} device(s)", count);
#else
  return "not built in";
#endif
}

}  // namespace

std::string version() { return PRELUDE_VERSION; }
std::string revision() { return PRELUDE_REVISION; }

std::string version_text() {
  return fmt::format(
      "prelude {}\n"
      "revision   {}\n"
      "LibTorch   {}\n"
      "HDF5       {}\n"
      "MPI        {}\n"
      "NCCL       {}\n"
      "CPU        {} threads\n"
      "CUDA       {}\n",
      version(), revision(), TORCH_VERSION, hdf5_version(), MpiSession::library(), nccl_library(),
      std::thread::hardware_concurrency(), cuda_devices());
}

}  // namespace prelude
