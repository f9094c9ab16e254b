#include "dist/nccl/nccl_check.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "dist/collective_error.h"

namespace prelude {

void check_nccl(ncclResult_t code, const char* call) {
  if (code == ncclSuccess || code == ncclInProgress) return;
  throw CollectiveError(fmt::format("{}: {}", call, ncclGetErrorString(code)));
}

void settle_nccl(ncclComm_t comm, const char* call, double seconds) {
  const auto start = std::chrono::steady_clock::now();
  while (true) {
    ncclResult_t state = ncclSuccess;
    check_nccl(ncclCommGetAsyncError(comm, &state), "ncclCommGetAsyncError");
    check_nccl(state, call);
    if (state == ncclSuccess) return;
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
    if (waited.count() > seconds) throw CollectiveError(fmt::format("{}: not done within {} s", call, seconds));
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
}

}  // namespace prelude
